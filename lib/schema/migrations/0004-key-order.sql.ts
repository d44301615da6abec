import { quoteLiteral } from '../identifier.js';
import type { MigrationContext } from '../migration.js';

/**
 * Order by key among retries.
 *
 * An event that fails holds up later ones of its key, and only those: they become retries that are due at
 * infinity. The first of a key is due at a time; the next one becomes due when it has gone. A change of a
 * primary key has two keys and waits for both.
 */
export const keyOrder = ({ schema }: MigrationContext): string => `
-- Whether an earlier event of one of these keys is a retry, or a dead letter that somebody has to decide about.
create function ${schema}.is_behind_v1(of_trigger integer, of_event bigint, keys text[])
  returns boolean
  language plpgsql
  stable
as $$
begin
  return exists (
    select from ${schema}.retry r
     where r.trigger_id = of_trigger
       and r.ordered
       and r.key = any (keys)
       and r.event_id < of_event)
  or exists (
    select from ${schema}.retry r
     where r.trigger_id = of_trigger
       and r.ordered
       and r.key_before is not null
       and r.key_before = any (keys)
       and r.event_id < of_event)
  or exists (
    select from ${schema}.dead_letter l
     where l.trigger_id = of_trigger
       and l.holds_key
       and l.key = any (keys)
       and l.event_id < of_event)
  or exists (
    select from ${schema}.dead_letter l
     where l.trigger_id = of_trigger
       and l.holds_key
       and l.key_before is not null
       and l.key_before = any (keys)
       and l.event_id < of_event);
end $$;

-- For each pair of a trigger and a key of which a retry has gone or come: the first that waits becomes due.
create function ${schema}.advance_keys_v1(triggers integer[], keys text[])
  returns void
  language plpgsql
  volatile
as $$
begin
  -- One at a time: of one that removes the last retry of a key and one that adds another, neither sees the other's.
  perform pg_advisory_xact_lock(hashtextextended(${quoteLiteral(`${schema} keys`)}, t))
     from (select distinct t from unnest(triggers) t order by t) t;
  update ${schema}.retry r
     set due = clock_timestamp()
    from (select distinct h.trigger_id, h.event_id, h.created_at
            from unnest(triggers, keys) w (trigger_id, key)
           cross join lateral (
                 select f.*
                   from ((select r.trigger_id, r.event_id, r.created_at, r.due, r.dispatcher, r.key, r.key_before
                            from ${schema}.retry r
                           where r.trigger_id = w.trigger_id
                             and r.ordered
                             and r.key = w.key
                           order by r.event_id
                           limit 1)
                         union all
                         (select r.trigger_id, r.event_id, r.created_at, r.due, r.dispatcher, r.key, r.key_before
                            from ${schema}.retry r
                           where r.trigger_id = w.trigger_id
                             and r.ordered
                             and r.key_before is not null
                             and r.key_before = w.key
                           order by r.event_id
                           limit 1)) f
                  order by f.event_id
                  limit 1) h
           where h.due = 'infinity'
             and h.dispatcher is null
             and not ${schema}.is_behind_v1(h.trigger_id, h.event_id, array[h.key, h.key_before])) head
   where r.trigger_id = head.trigger_id
     and r.event_id = head.event_id
     and r.created_at = head.created_at;
end $$;

-- What dispatchers have in hand waits again; lost_more counts leases that ran out with it.
create function ${schema}.hand_back_v1(names uuid[], lost_more integer)
  returns void
  language plpgsql
  volatile
as $$
#variable_conflict use_column
declare
  triggers integer[];
  keys text[];
begin
  with handed as (
    update ${schema}.retry r
       set dispatcher = null,
           -- not before the floor of those who look for due ones
           due = greatest(r.due, clock_timestamp()),
           lost = r.lost + lost_more
     where r.dispatcher = any (names)
    returning r.trigger_id, r.key, r.key_before, r.ordered
  )
  select array_agg(h.trigger_id), array_agg(k.key) into triggers, keys
    from handed h
   cross join unnest(array[h.key, h.key_before]) k (key)
   where h.ordered
     and k.key is not null;
  if triggers is not null then
    perform ${schema}.advance_keys_v1(triggers, keys);
  end if;
end $$;
`;
