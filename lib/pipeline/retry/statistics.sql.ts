import type { QuotedIdentifier } from '../../schema/identifier.js';
import { utcText } from '../capture/utc-text.sql.js';

export interface StatisticsStatements {
  readonly minutes: string;
  readonly durations: string;
}

/** Of application $1, the last $2 minutes, the present one included. */
export function statisticsStatements(schema: QuotedIdentifier): StatisticsStatements {
  // Along the index by time, in the partitions of that time.
  const since = `date_trunc('minute', clock_timestamp()) - ($2 - 1) * interval '1 minute'`;
  return {
    minutes: `
      select t.name as trigger, ${utcText("date_trunc('minute', c.created_at)")} as at,
             sum(c.delivered)::integer as delivered, sum(c.failed)::integer as failed
        from ${schema}.tally c
        join ${schema}.event_trigger t
          on t.id = c.trigger_id
       where t.application = $1
         and c.created_at >= ${since}
       group by t.name, date_trunc('minute', c.created_at)
       order by date_trunc('minute', c.created_at)`,
    durations: `
      select t.name as trigger, p.place, sum(p.count)::integer as count
        from ${schema}.tally c
        join ${schema}.event_trigger t
          on t.id = c.trigger_id
       cross join unnest(c.places, c.counts) p (place, count)
       where t.application = $1
         and c.created_at >= ${since}
       group by t.name, p.place`,
  };
}
