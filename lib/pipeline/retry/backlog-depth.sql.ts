import type { QuotedIdentifier } from '../../schema/identifier.js';
import { cursor } from '../../schema/migrations/stream-cursor.sql.js';
import { MOST_COUNTED, NEWEST_OF_WINDOW } from './trigger-list.sql.js';

/**
 * The events of each trigger of application $1 that nobody has claimed: those beyond its cursor, of which so many are
 * counted and the last one looked up, and those behind it, whose transactions had not ended when the window was cut.
 */
export const backlogDepthStatement = (schema: QuotedIdentifier): string => `
  select t.name, n.counted, n.first, n.last, h.behind,
         -- along the same index, from its other end
         (select e.id
            from ${schema}.event e
           where e.trigger_id = t.id
           order by e.id desc
           limit 1) as newest
    from ${schema}.event_trigger t
    left join lateral (
         -- in the middle of a window, up to its end; between two of them, behind the last one
         select case when c.more then c.last_id else b.hi end as claimed,
                case when c.more then a.snapshot else b.snapshot end as seen,
                b.snapshot, b.lo, b.hi
           from ${cursor(schema, 't.id')}) s on true
   cross join lateral (
         select count(*)::integer as counted, min(w.id) as first, max(w.id) as last
           from (
                select e.id
                  from ${schema}.event e
                 where e.trigger_id = t.id
                   and e.id > s.claimed
                   and not pg_visible_in_snapshot(e.xid, s.seen)
                 order by e.id
                 limit ${MOST_COUNTED}) w) n
   cross join lateral (
         select count(*)::integer as behind
           from (
                -- of transactions that the snapshot lists as running
                (select
                   from pg_snapshot_xip(s.snapshot) x
                  cross join lateral (
                        select
                          from ${schema}.event e
                         where e.xid = x
                           and e.trigger_id = t.id
                           and e.id <= s.claimed
                         limit ${MOST_COUNTED}) w
                  limit ${MOST_COUNTED})
                union all
                -- and of those that began just then, which it does not list
                (select
                   from ${schema}.event e
                  where e.trigger_id = t.id
                    and e.id > greatest(s.lo, s.hi - ${NEWEST_OF_WINDOW})
                    and e.id <= s.claimed
                    and e.xid >= pg_snapshot_xmax(s.snapshot))) w) h
   where t.application = $1
   order by t.name`;

/** How many numbers were given to events: the sequence says so, not the log. It stood at 1 before the first one. */
export const numbersGivenStatement = (schema: QuotedIdentifier): string => `
  select (last_value - 1)::text as given
    from ${schema}.event_number`;
