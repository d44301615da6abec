import type { QuotedIdentifier } from '../../schema/identifier.js';
import { cursor } from '../../schema/migrations/stream-cursor.sql.js';
import { MOST_COUNTED } from './trigger-list.sql.js';

/** The events of each trigger of application $1 that lie beyond its cursor: so many are counted, and the last one looked up. */
export const backlogDepthStatement = (schema: QuotedIdentifier): string => `
  select t.name, n.counted, n.first, n.last,
         -- along the same index, from its other end
         (select e.id
            from ${schema}.event e
           where e.trigger_id = t.id
           order by e.id desc
           limit 1) as newest
    from ${schema}.event_trigger t
    left join lateral (
         select case when c.more then c.last_id else b.hi end as claimed
           from ${cursor(schema, 't.id')}) s on true
   cross join lateral (
         select count(*)::integer as counted, min(w.id) as first, max(w.id) as last
           from (
                select e.id
                  from ${schema}.event e
                 where e.trigger_id = t.id
                   and e.id > s.claimed
                 order by e.id
                 limit ${MOST_COUNTED}) w) n
   where t.application = $1
   order by t.name`;

/** How many numbers were given to events: the sequence says so, not the log. It stood at 1 before the first one. */
export const numbersGivenStatement = (schema: QuotedIdentifier): string => `
  select (last_value - 1)::text as given
    from ${schema}.event_number`;
