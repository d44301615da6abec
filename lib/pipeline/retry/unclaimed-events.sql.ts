import type { QuotedIdentifier } from '../../schema/identifier.js';
import { cursor } from '../../schema/migrations/stream-cursor.sql.js';

/**
 * Numbers that were issued while a transaction had its first one and was not listed as running yet, and far more. What one
 * statement wrote beyond that, in the moment in which a window was cut, is seen when it is claimed.
 */
const NEWEST_OF_WINDOW = 10_000;

/**
 * Where the stream of a trigger `t` stands, as `s`: in the middle of a window, which ends at its snapshot, or at that end.
 * From `start` on all that nobody has claimed lies together; a window before it may hold millions that are claimed.
 */
export const streamPosition = (schema: QuotedIdentifier): string => `(
         select c.more, c.last_id, a.snapshot as beginning, b.snapshot, b.lo, b.hi,
                case when c.more then a.snapshot else b.snapshot end as seen,
                case when c.more then greatest(c.last_id, f.lo, f.hi - ${NEWEST_OF_WINDOW}) else b.hi end as start
           from ${cursor(schema, 't.id')}
          cross join lateral (select k.lo, k.hi from ${schema}.tick k where k.id = c.from_tick limit 1) f) s`;

/** What nobody has claimed from there on, up to `most`: one walk along (trigger_id, id). */
export const unclaimedAhead = (schema: QuotedIdentifier, columns: string, most: number): string => `
         (select ${columns}
            from ${schema}.event e
           where e.trigger_id = t.id
             and e.id > s.start
             and not pg_visible_in_snapshot(e.xid, s.seen)
           order by e.id
           limit ${most})`;

/** What nobody has claimed before it, up to `most` of each transaction. */
export const unclaimedBehind = (
  schema: QuotedIdentifier,
  columns: string,
  most: number,
): string => `
         (select w.*
            from (
                 -- they were running when the window began that is being paged, and had ended when it was cut
                 select x, s.last_id as after
                   from pg_snapshot_xip(s.beginning) x
                  where s.more
                    and pg_visible_in_snapshot(x, s.snapshot)
                  union all
                 -- they were running when it was cut; what those write that still run is nobody's to see
                 select x, 0
                   from pg_snapshot_xip(s.snapshot) x
                  where pg_visible_in_snapshot(x, pg_current_snapshot())) f
           cross join lateral (
                 select ${columns}
                   from ${schema}.event e
                  where e.xid = f.x
                    and e.trigger_id = t.id
                    and e.id > f.after
                    and e.id <= s.start
                  order by e.id
                  limit ${most}) w)
         union all
         -- they had begun just before it was cut, and are not listed; by functions of xid, which no index is for
         (select ${columns}
            from ${schema}.event e
           where e.trigger_id = t.id
             and e.id > greatest(s.lo, s.hi - ${NEWEST_OF_WINDOW})
             and e.id <= s.start
             and not pg_visible_in_snapshot(e.xid, s.snapshot)
             and not exists (select from pg_snapshot_xip(s.snapshot) x where x = e.xid)
             -- true, and not in the index that has the transaction in front: it would be read from end to end
             and e.created_at > '-infinity'
           order by e.id
           limit ${most})`;

/** The time of the oldest change of a trigger `t` that nobody has claimed. */
export const oldestUnclaimed = (schema: QuotedIdentifier): string => `
          select min(u.created_at) as created_at
            from ${streamPosition(schema)}
           cross join lateral (${unclaimedAhead(schema, 'e.created_at', 1)}
           union all ${unclaimedBehind(schema, 'e.created_at', 1)}) u`;
