import type { QuotedIdentifier } from '../../schema/identifier.js';
import { cursor } from '../../schema/migrations/stream-cursor.sql.js';
import { utcText } from '../capture/utc-text.sql.js';

/** Up to so many are counted: more would make the list of triggers slow just when it is needed. */
export const MOST_COUNTED = 10_000;

/** Numbers that were issued while a transaction had its first one and was not listed as running yet, and far more. */
export const NEWEST_OF_WINDOW = 10_000;

const counted = (schema: string, table: string, which: string): string => `(
              select count(*)::integer
                from (
                     select from ${schema}.${table} w
                      where w.trigger_id = t.id${which}
                      limit ${MOST_COUNTED}) w)`;

/** The time of the oldest change of a trigger `t` that nobody has claimed: at its cursor the log is walked over by some events. */
export const oldestWaiting = (schema: string): string => `
          select least(
                 -- behind the window that is being paged: numbers that were issued after it was cut
                 (select e.created_at
                    from ${schema}.event e
                   where e.trigger_id = t.id
                     and e.id > b.hi
                   order by e.id
                   limit 1),
                 -- what transactions wrote that were running then, as the snapshot lists them
                 (select min(w.created_at)
                    from pg_snapshot_xip(b.snapshot) x
                   cross join lateral (
                         select e.created_at
                           from ${schema}.event e
                          where e.xid = x
                            and e.trigger_id = t.id
                          order by e.id
                          limit 1) w),
                 -- and those that it does not list, which had begun just before: a window may hold millions
                 (select min(e.created_at)
                    from ${schema}.event e
                   where e.trigger_id = t.id
                     and e.id > greatest(b.lo, b.hi - ${NEWEST_OF_WINDOW})
                     and e.id <= b.hi
                     and not pg_visible_in_snapshot(e.xid, b.snapshot)),
                 -- and what is left of that
                 (select e.created_at
                    from ${schema}.event e
                   where c.more
                     and e.trigger_id = t.id
                     and e.id > c.last_id
                     and not pg_visible_in_snapshot(e.xid, a.snapshot)
                   order by e.id
                   limit 1)) as created_at
            from ${cursor(schema, 't.id')}`;

/** The triggers of application $1, or the one called $2, with what waits of each. */
export const triggerListStatement = (schema: QuotedIdentifier): string => `
  select t.name, t.definition,
         ${utcText('t.delivery_paused_at')} as delivery_paused_at, t.delivery_pause_reason,
         ${utcText('t.capture_paused_at')} as capture_paused_at, t.capture_pause_reason,
         ${utcText('t.failing_since')} as failing_since,
         ${utcText('t.removed_at')} as removed_at,
         ${counted(schema, 'retry', ` and w.due < 'infinity'`)} as retrying,
         ${counted(schema, 'retry', ` and w.due = 'infinity'`)} as parked,
         ${counted(schema, 'dead_letter', '')} as dead,
         ${utcText('o.created_at')} as oldest_waiting
    from ${schema}.event_trigger t
    left join lateral (
          ${oldestWaiting(schema)}) o on true
   where t.application = $1
     and ($2::text is null or t.name = $2)
   order by t.name`;
