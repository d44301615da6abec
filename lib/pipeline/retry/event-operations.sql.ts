import { utcText } from '../capture/utc-text.sql.js';
import type { QuotedIdentifier } from '../../schema/identifier.js';

/** What is done to events by hand. Each statement is a transaction, committed as the server commits. */
export interface EventOperationStatements {
  readonly makeDue: string;
  readonly now: string;
  readonly redeliverDead: string;
  readonly countDead: string;
  readonly redeliverDelivered: string;
  readonly countDelivered: string;
  readonly redeliverLogged: string;
  readonly cancel: string;
  readonly tick: string;
  readonly purge: string;
}

export function eventOperationStatements(schema: QuotedIdentifier): EventOperationStatements {
  return {
    // A select on top, since TypeORM answers an update with a pair of rows and their number.
    makeDue: `
      with due as (
        update ${schema}.retry r
           set due = least(r.due, clock_timestamp()),
               redelivered = true
         where r.trigger_id = any ($1)
           and r.event_id = $2
           and ${schema}.is_of_millisecond_v1(r.created_at, $3)
           and r.dispatcher is null
           and r.due < 'infinity'
        returning r.event_id)
      select d.event_id from due d`,
    now: `select ${utcText('clock_timestamp()')} as now`,
    redeliverDead: `
      select ${schema}.redeliver_dead_v1($1, $2, $3, $4, $5, $6, $7, $8, $9) as moved`,
    countDead: `select ${schema}.count_dead_v1($1, $2, $3, $4, $5, $6)::integer as events`,
    redeliverDelivered: `
      select r.redelivered, r.last_number::text
        from ${schema}.redeliver_delivered_v1($1, $2, $3, $4, $5, $6) r`,
    countDelivered: `
      select count(*)::integer as events
        from ${schema}.delivered_events_v1($1, 0, $2, $3, $4, null)`,
    // What the function hands over is the first delivered one from there on, so this one has to be delivered.
    redeliverLogged: `
      select case
               when exists (
                    select
                      from ${schema}.delivered_events_v1(
                             e.trigger_id, e.id - 1, e.created_at, e.created_at + interval '1 microsecond', null, 1) d
                     where d.id = e.id)
               then (${schema}.redeliver_delivered_v1(
                       e.trigger_id, e.id - 1, e.created_at, e.created_at + interval '1 microsecond', null, 1)).redelivered
               else 0
             end as redelivered
        from ${schema}.event e
       where e.trigger_id = any ($1)
         and e.id = $2
         and ${schema}.is_of_millisecond_v1(e.created_at, $3)`,
    cancel: `select ${schema}.cancel_v1($1, $2, $3) as fate`,
    tick: `select ${schema}.fresh_tick_v1()`,
    purge: `select p.waiting::integer, p.purged from ${schema}.purge_v1($1, $2) p`,
  };
}
