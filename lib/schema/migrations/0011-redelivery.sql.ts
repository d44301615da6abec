import type { MigrationContext } from '../migration.js';
import { eventColumns, isOrdered } from './0005-record.sql.js';

const NEW_RETRY = `${eventColumns('')}, attempts, due, ordered, redelivered`;

/** Becomes a retry that is due, with all its attempts before it: behind earlier ones of its key where there are any. */
const asRetry = (schema: string, alias: string, number: string): string => `
         ${eventColumns(alias, number)}, 0,
         case when ${isOrdered(schema, `${alias}.trigger_id`, `${alias}.key`)} then 'infinity' else clock_timestamp() end,
         ${isOrdered(schema, `${alias}.trigger_id`, `${alias}.key`)}, true`;

/**
 * Sending events again. They keep their id, and become retries: the stream of the trigger goes on beside them.
 */
export const redelivery = ({ schema }: MigrationContext): string => `
-- Dead letters that match and were given up before a time, at most so many, oldest first. Returns how many.
create function ${schema}.redeliver_dead_v1(
  of_triggers integer[], numbers bigint[], from_time timestamptz, to_time timestamptz, of_reason text, of_error text, of_key text,
  died_before timestamptz, most integer)
  returns integer
  language plpgsql
  volatile
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  moved integer;
  triggers integer[];
  keys text[];
begin
  with chosen as (
    select l.trigger_id, l.event_id, l.created_at
      from ${schema}.dead_letter l
     where l.trigger_id = any (of_triggers)
       and (numbers is null or l.event_id = any (numbers))
       and (from_time is null or l.created_at >= from_time)
       and (to_time is null or l.created_at < to_time)
       and (of_reason is null or l.reason = of_reason)
       and (of_error is null or l.error_code = of_error)
       and (of_key is null or l.key = of_key)
       and (died_before is null or l.died_at < died_before)
     order by l.event_id
     limit most
       for update
  ),
  risen as (
    delete from ${schema}.dead_letter l
     using chosen c
     where l.trigger_id = c.trigger_id
       and l.event_id = c.event_id
       and l.created_at = c.created_at
    returning l.*
  ),
  again as (
    insert into ${schema}.retry (${NEW_RETRY})
    select ${asRetry(schema, 'r', 'event_id')}
      from risen r
    on conflict do nothing
    returning trigger_id, event_id, key, key_before, ordered
  )
  select count(distinct a.event_id)::integer, array_agg(a.trigger_id) filter (where a.ordered), array_agg(k.key) filter (where a.ordered)
    into moved, triggers, keys
    from again a
   cross join unnest(array[a.key, a.key_before]) k (key);
  perform ${schema}.advance_keys_v1(triggers, keys);
  return moved;
end $$;

-- How many it would be.
create function ${schema}.count_dead_v1(
  of_triggers integer[], from_time timestamptz, to_time timestamptz, of_reason text, of_error text, of_key text)
  returns bigint
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $$
  select count(*)
    from ${schema}.dead_letter l
   where l.trigger_id = any (of_triggers)
     and (from_time is null or l.created_at >= from_time)
     and (to_time is null or l.created_at < to_time)
     and (of_reason is null or l.reason = of_reason)
     and (of_error is null or l.error_code = of_error)
     and (of_key is null or l.key = of_key);
$$;

-- Events of one trigger that were delivered, as the log has them: those above a number, at most so many.
create function ${schema}.delivered_events_v1(
  of_trigger integer, after_number bigint, from_time timestamptz, to_time timestamptz, of_key text, most bigint)
  returns setof ${schema}.event
  language sql
  stable
  rows 500
  set search_path = pg_catalog, pg_temp
as $$
  select e.*
    from ${schema}.event e
   where e.trigger_id = of_trigger
     and e.id > after_number
     and (from_time is null or e.created_at >= from_time)
     and (to_time is null or e.created_at < to_time)
     and (of_key is null or e.key = of_key)
     and exists (
         select from ${schema}.attempt a
          where a.event_id = e.id
            and a.trigger_id = e.trigger_id
            and a.outcome = 'delivered'
            and a.created_at >= e.created_at)
   order by e.id
   limit most;
$$;

-- They are sent again. Returns how many, and the last number that was looked at; null when none is left.
create function ${schema}.redeliver_delivered_v1(
  of_trigger integer, after_number bigint, from_time timestamptz, to_time timestamptz, of_key text, most integer,
  out redelivered integer, out last_number bigint)
  language plpgsql
  volatile
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  triggers integer[];
  keys text[];
begin
  with chosen as materialized (
    select * from ${schema}.delivered_events_v1(of_trigger, after_number, from_time, to_time, of_key, most)
  ),
  again as (
    insert into ${schema}.retry (${NEW_RETRY})
    select ${asRetry(schema, 'e', 'id')}
      from chosen e
    on conflict do nothing
    returning event_id, key, key_before, ordered
  )
  select (select count(*)::integer from again), (select max(c.id) from chosen c),
         array_agg(of_trigger), array_agg(k.key)
    into redelivered, last_number, triggers, keys
    from again a
   cross join unnest(array[a.key, a.key_before]) k (key)
   where a.ordered;
  perform ${schema}.advance_keys_v1(triggers, keys);
end $$;
`;
