import { LOCK } from '../advisory-lock.js';
import { quoteLiteral } from '../identifier.js';
import type { MigrationContext } from '../migration.js';
import { cursor } from './stream-cursor.sql.js';

/** Events that wait in the log, behind the cursor `c` of their stream, which stands at the ticks `a` and `b`. */
const isBehindCursor = `not pg_visible_in_snapshot(e.xid, b.snapshot)
         or (c.more and e.id > c.last_id and not pg_visible_in_snapshot(e.xid, a.snapshot))`;

/**
 * Giving up events that wait, by hand: one, or all of a trigger. What is under way ends.
 */
export const cancellation = ({ schema, lockKey }: MigrationContext): string => `
-- What becomes of one event: 'cancelled', 'in-flight', 'delivered', or null where there is no such event. A number
-- may have been issued twice; the millisecond of the capture tells which one is meant.
create function ${schema}.cancel_v1(of_triggers integer[], of_number bigint, milliseconds bigint)
  returns text
  language plpgsql
  volatile
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  e record;
  is_waiting boolean;
begin
  select r.* into e
    from ${schema}.retry r
   where r.trigger_id = any (of_triggers)
     and r.event_id = of_number
     and ${schema}.is_of_millisecond_v1(r.created_at, milliseconds)
     for update;
  if found then
    if e.dispatcher is not null then
      return 'in-flight';
    end if;
    delete from ${schema}.retry r
     where r.trigger_id = e.trigger_id and r.event_id = e.event_id and r.created_at = e.created_at;
    insert into ${schema}.cancellation (trigger_id, event_id, created_at)
    values (e.trigger_id, e.event_id, e.created_at) on conflict do nothing;
    perform ${schema}.advance_keys_v1(array[e.trigger_id, e.trigger_id], array[e.key, e.key_before]);
    return 'cancelled';
  end if;

  delete from ${schema}.dead_letter l
   where l.trigger_id = any (of_triggers)
     and l.event_id = of_number
     and ${schema}.is_of_millisecond_v1(l.created_at, milliseconds)
  returning l.* into e;
  if found then
    insert into ${schema}.cancellation (trigger_id, event_id, created_at)
    values (e.trigger_id, e.event_id, e.created_at) on conflict do nothing;
    perform ${schema}.advance_keys_v1(array[e.trigger_id, e.trigger_id], array[e.key, e.key_before]);
    return 'cancelled';
  end if;

  select v.trigger_id, v.id, v.xid, v.created_at into e
    from ${schema}.event v
   where v.trigger_id = any (of_triggers)
     and v.id = of_number
     and ${schema}.is_of_millisecond_v1(v.created_at, milliseconds)
   limit 1;
  if not found then
    return null;
  end if;
  -- No claim is under way from here on.
  perform pg_advisory_xact_lock(${lockKey}, e.trigger_id);
  select ${isBehindCursor} into is_waiting
    from ${cursor(schema, 'e.trigger_id')};
  if is_waiting then
    insert into ${schema}.cancellation (trigger_id, event_id, created_at)
    values (e.trigger_id, e.id, e.created_at) on conflict do nothing;
    return 'cancelled';
  end if;
  return case
    when exists (
      select from ${schema}.cancellation x
       where x.trigger_id = e.trigger_id and x.event_id = e.id and x.created_at = e.created_at) then 'cancelled'
    when exists (
      select from ${schema}.attempt t
       where t.event_id = e.id
         and t.trigger_id = e.trigger_id
         and t.outcome = 'delivered'
         and t.created_at >= e.created_at) then 'delivered'
    else 'in-flight' end;
end $$;

-- A tick that has seen all that is committed by now, for whoever acts on that. One that a dispatcher is cutting may not.
create function ${schema}.fresh_tick_v1() returns bigint
  language plpgsql
  volatile
  set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_advisory_xact_lock(${lockKey}, ${LOCK.tick});
  return ${schema}.tick_v1();
end $$;

-- Gives up all that waits of a trigger, if it is no more than was confirmed; null only counts. A fresh tick has to be
-- committed before: what is captured after it waits on.
create function ${schema}.purge_v1(of_trigger integer, confirmed bigint, out waiting bigint, out purged boolean)
  language plpgsql
  volatile
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  newest bigint;
begin
  perform pg_advisory_xact_lock(${lockKey}, of_trigger);
  select k.id into newest from ${schema}.tick k order by k.id desc limit 1;
  select count(*) into waiting
    from ${cursor(schema, 'of_trigger')}
   cross join lateral (select k.snapshot from ${schema}.tick k where k.id = newest limit 1) cut
    join ${schema}.event e
      on e.trigger_id = of_trigger
     -- whatever is older is visible in the earlier snapshot
     and e.xid >= pg_snapshot_xmin(a.snapshot)
   where pg_visible_in_snapshot(e.xid, cut.snapshot)
     and (${isBehindCursor})
     and not exists (
         select from ${schema}.cancellation x
          where x.trigger_id = e.trigger_id and x.event_id = e.id and x.created_at = e.created_at);
  waiting := waiting + (
    select count(*) from ${schema}.retry r where r.trigger_id = of_trigger and r.dispatcher is null);
  purged := coalesce(waiting <= confirmed, false);
  if not purged then
    return;
  end if;
  delete from ${schema}.retry r where r.trigger_id = of_trigger and r.dispatcher is null;
  insert into ${schema}.batch (trigger_id, id, claim, dispatcher, from_tick, to_tick, after_id, last_id, size, more)
  values (of_trigger, nextval(${quoteLiteral(`${schema}.batch_id`)}), gen_random_uuid(),
          '00000000-0000-0000-0000-000000000000', newest, newest, 0, 0, 0, false);
end $$;

-- Ids of events hold the millisecond modulo 2^34.
create function ${schema}.is_of_millisecond_v1(at timestamptz, milliseconds bigint)
  returns boolean
  language sql
  immutable
  set search_path = pg_catalog, pg_temp
as $$
  select milliseconds is null or floor(extract(epoch from at) * 1000)::bigint % 17179869184 = milliseconds;
$$;
`;
