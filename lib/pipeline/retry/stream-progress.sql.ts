import type { QuotedIdentifier } from '../../schema/identifier.js';
import { isOpen } from '../../schema/migrations/0004-stream-owner.sql.js';
import { utcText } from '../capture/utc-text.sql.js';
import { oldestWaiting } from './trigger-list.sql.js';

/**
 * Of the triggers of application $1 whose delivery is not paused: since when something waits that should not, where that
 * is longer than $2 milliseconds and no attempt of anybody has ended since.
 */
export const stalledStreamsStatement = (schema: QuotedIdentifier): string => `
  select t.name, ${utcText('w.unclaimed')} as unclaimed, ${utcText('w.overdue')} as overdue,
         ${utcText('w.abandoned')} as abandoned
    from (select clock_timestamp() - $2 * interval '1 millisecond' as long_ago) l
   cross join ${schema}.event_trigger t
   cross join lateral (
         select o.created_at as unclaimed,
                -- nobody has it in hand; parked ones are due at infinity
                (select r.due
                   from ${schema}.retry r
                  where r.trigger_id = t.id
                    and r.dispatcher is null
                    and r.due < 'infinity'
                  order by r.due
                  limit 1) as overdue,
                -- in the hands of a dispatcher that is gone, and nobody takes it over
                (select min(b.created_at)
                   from ${schema}.dispatcher d
                  cross join lateral (
                        select b.created_at
                          from ${schema}.batch b
                         where b.trigger_id = t.id
                           and b.id >= d.open_from
                           and b.dispatcher = d.id
                           and b.size > 0
                           and ${isOpen(schema)}
                         order by b.id
                         limit 1) b
                  where d.lease_until < l.long_ago) as abandoned
           from (${oldestWaiting(schema)}) o) w
   where t.application = $1
     and t.delivery_paused_at is null
     and least(w.unclaimed, w.overdue, w.abandoned) < l.long_ago
     -- counted every few seconds, in order of time: of so short a time it is little
     and not exists (
         select from ${schema}.tally c
          where c.trigger_id = t.id
            and c.created_at > l.long_ago)
   order by t.name`;
