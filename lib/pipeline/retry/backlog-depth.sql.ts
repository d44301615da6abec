import type { QuotedIdentifier } from '../../schema/identifier.js';
import { MOST_COUNTED } from './trigger-list.sql.js';
import { streamPosition, unclaimedAhead, unclaimedBehind } from './unclaimed-events.sql.js';

/**
 * The events of each trigger of application $1 that nobody has claimed: so many are counted, and the last one of what lies
 * together is looked up.
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
    left join lateral ${streamPosition(schema)} on true
   cross join lateral (
         select count(*)::integer as counted, min(w.id) as first, max(w.id) as last
           from ${unclaimedAhead(schema, 'e.id', MOST_COUNTED)} w) n
   cross join lateral (
         select count(*)::integer as behind
           from (${unclaimedBehind(schema, 'e.id', MOST_COUNTED)}) w) h
   where t.application = $1
   order by t.name`;

/** How many numbers were given to events: the sequence says so, not the log. It stood at 1 before the first one. */
export const numbersGivenStatement = (schema: QuotedIdentifier): string => `
  select (last_value - 1)::text as given
    from ${schema}.event_number`;
