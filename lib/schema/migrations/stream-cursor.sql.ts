/** The cursor of a stream `c`, with the snapshots at the ends of its window, `a` and `b`: to be joined laterally. */
export const cursor = (schema: string, trigger: string): string => `(
           select n.from_tick, n.to_tick, n.last_id, n.more
             from ${schema}.batch n
            where n.trigger_id = ${trigger}
            order by n.id desc
            limit 1) c
     cross join lateral (select k.snapshot from ${schema}.tick k where k.id = c.from_tick limit 1) a
     cross join lateral (select k.snapshot, k.lo, k.hi from ${schema}.tick k where k.id = c.to_tick limit 1) b`;
