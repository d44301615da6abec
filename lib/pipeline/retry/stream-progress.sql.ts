import type { QuotedIdentifier } from '../../schema/identifier.js';
import { isOpen } from '../../schema/migrations/0004-stream-owner.sql.js';
import { utcText } from '../capture/utc-text.sql.js';
import { oldestUnclaimed } from './unclaimed-events.sql.js';

/** Attempts are counted in memory and written down every five seconds, by rounds that may be late. */
const COUNTED_WITHIN = `interval '10 seconds'`;

/** Of what a rate limit puts between two events: an interval of any more is out of range. */
const LONGEST_MS = 30 * 86_400_000;

const milliseconds = (value: string): string => `${value} * interval '1 millisecond'`;

/**
 * Of the triggers of application $1 whose delivery is not paused: since when something waits that should not, where that
 * is longer than $2 milliseconds, and no attempt of anybody has ended since. An attempt may take its timeout, and the next
 * one come a pause of its breaker later, or when its rate limit lets one through.
 */
export const stalledStreamsStatement = (schema: QuotedIdentifier): string => `
  select t.name, ${utcText('w.unclaimed')} as unclaimed, ${utcText('w.overdue')} as overdue,
         ${utcText('w.abandoned')} as abandoned
    from ${schema}.event_trigger t
   cross join lateral (
         select clock_timestamp() - greatest(
                  ${milliseconds('$2::float8')},
                  ${milliseconds(`least(coalesce(1000 / (t.definition -> 'rateLimit' ->> 'perSecond')::float8, 0), ${LONGEST_MS})`)}
                    + ${COUNTED_WITHIN},
                  ${milliseconds(`((t.definition ->> 'timeout')::float8 + coalesce((t.definition -> 'breaker' ->> 'maxPause')::float8, 0))`)}
                    + ${COUNTED_WITHIN}) as long_ago) l
   cross join lateral (
         select (${oldestUnclaimed(schema)}) as unclaimed,
                least(
                  -- nobody has it in hand; parked ones are due at infinity
                  (select r.due
                     from ${schema}.retry r
                    where r.trigger_id = t.id
                      and r.dispatcher is null
                      and r.due < 'infinity'
                    order by r.due
                    limit 1),
                  -- or somebody who is gone: few at any time, and of an index of their own
                  (select min(r.due)
                     from ${schema}.retry r
                     join ${schema}.dispatcher d
                       on d.id = r.dispatcher
                    where r.trigger_id = t.id
                      and r.dispatcher is not null
                      and d.lease_until < l.long_ago)) as overdue,
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
                  where d.lease_until < l.long_ago) as abandoned) w
   where t.application = $1
     and t.delivery_paused_at is null
     -- the end of a pause, or another definition, makes due what has waited for long
     and t.updated_at < l.long_ago
     and least(w.unclaimed, w.overdue, w.abandoned) < l.long_ago
     -- in order of time: of so short a time it is little
     and not exists (
         select from ${schema}.tally c
          where c.trigger_id = t.id
            and c.created_at > l.long_ago)
   order by t.name`;
