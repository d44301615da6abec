import { LOCK } from '../advisory-lock.js';
import { quoteLiteral } from '../identifier.js';
import type { MigrationContext } from '../migration.js';
import { isOpen } from './0004-stream-owner.sql.js';
import { ENGINE_SETTINGS } from './engine-settings.js';

/** Nobody waits longer for upkeep: what does not get its lock by then is done another time. */
const PATIENCE = '100ms';

/** The settings of a step that locks something that writers use. */
export const STEP = `set search_path = pg_catalog, pg_temp
  set "TimeZone" = 'UTC'
  set lock_timeout = '${PATIENCE}'`;

/** Open batches `b` of any trigger, by whoever holds them. */
export const openBatches = (schema: string, columns: string): string => `
      select ${columns}
        from ${schema}.dispatcher d
        join ${schema}.batch b
          on b.id >= d.open_from
         and b.dispatcher = d.id
       where b.size > 0
         and ${isOpen(schema)}`;

/** Old partitions leave when nothing in them is needed. */
export const leaving = ({ schema, lockKey }: MigrationContext): string => `
-- Batches that are needed: those that are open, and the cursor of each stream.
create function ${schema}.needed_batches_v1()
  returns table (created_at timestamptz, from_tick bigint, to_tick bigint, is_open boolean)
  language sql
  stable
  ${ENGINE_SETTINGS}
as $$${openBatches(schema, 'b.created_at, b.from_tick, b.to_tick, true')}
  union all
  select c.created_at, c.from_tick, c.to_tick, false
    from ${schema}.event_trigger t
   cross join lateral (
         select n.created_at, n.from_tick, n.to_tick
           from ${schema}.batch n
          where n.trigger_id = t.id
          order by n.id desc
          limit 1) c;
$$;

-- Ticks that are needed: the ends of their windows, and the newest one.
create function ${schema}.needed_ticks_v1()
  returns setof bigint
  language sql
  stable
  ${ENGINE_SETTINGS}
as $$
  select n.from_tick from ${schema}.needed_batches_v1() n
  union
  select n.to_tick from ${schema}.needed_batches_v1() n
  union
  (select k.id from ${schema}.tick k order by k.id desc limit 1);
$$;

-- Whether a partition holds the mark of a batch that is there: without it the batch would be handed out again.
create function ${schema}.marks_batches_v1(partition text)
  returns boolean
  language plpgsql
  volatile
  ${ENGINE_SETTINGS}
as $$
declare
  marks boolean;
begin
  execute format('select exists (select from %1$s.%2$I o where exists (select from %1$s.batch b where b.trigger_id = o.trigger_id and b.id = o.batch_id and b.size > 0))',
    ${quoteLiteral(schema)}, partition)
    into marks;
  return marks;
end $$;

-- Empties an old partition for good: true if nothing of it is needed any more. Only the partition itself is
-- locked; whether anything is owed is asked in a statement after that, since a transaction that was open
-- until then may have left something.
create function ${schema}.empty_partition_v1(log text, name text, starts_at timestamptz, ends_at timestamptz)
  returns boolean
  language plpgsql
  volatile
  ${STEP}
as $$
declare
  is_needed boolean;
begin
  if not pg_try_advisory_xact_lock(${lockKey}, ${LOCK.keep}) then
    return false;
  end if;
  execute format('lock table %s.%I in access exclusive mode', ${quoteLiteral(schema)}, name);
  is_needed := case log
    when 'event' then exists (select from ${schema}.owing_v1(name))
    -- Who takes an open batch over looks what was attempted of it.
    when 'attempt' then exists (
      select from ${schema}.needed_batches_v1() n where n.is_open and n.created_at < ends_at)
    when 'batch' then exists (
      select from ${schema}.needed_batches_v1() n where n.created_at >= starts_at and n.created_at < ends_at)
    -- Of a tick that was carried on, the last copy counts.
    when 'tick' then exists (
      select from ${schema}.needed_ticks_v1() n (id)
       where not exists (select from ${schema}.tick k where k.id = n.id and k.created_at >= ends_at)
         and exists (select from ${schema}.tick k where k.id = n.id and k.created_at >= starts_at))
    when 'batch_done' then ${schema}.marks_batches_v1(name)
    when 'tally' then false
    else true end;
  if is_needed then
    return false;
  end if;
  execute format('truncate %s.%I', ${quoteLiteral(schema)}, name);
  return true;
end $$;

-- Takes an empty partition out of its log, which waits for whoever has written to the log.
create function ${schema}.drop_partition_v1(name text)
  returns void
  language plpgsql
  volatile
  ${STEP}
as $$
begin
  if pg_try_advisory_xact_lock(${lockKey}, ${LOCK.keep}) then
    execute format('drop table if exists %s.%I', ${quoteLiteral(schema)}, name);
  end if;
end $$;

-- Dead letters of before, so many at a time, but none that holds up its key. Returns how many went.
create function ${schema}.forget_dead_letters_v1(before timestamptz, most integer)
  returns integer
  language sql
  volatile
  set search_path = pg_catalog, pg_temp
as $$
  with old as (
    select l.trigger_id, l.event_id, l.created_at
      from ${schema}.dead_letter l
     where l.died_at < before
       and not l.holds_key
     limit most
       for update skip locked
  ),
  gone as (
    delete from ${schema}.dead_letter l
     using old o
     where l.trigger_id = o.trigger_id
       and l.event_id = o.event_id
       and l.created_at = o.created_at
    returning l.event_id
  )
  select count(*)::integer from gone;
$$;

-- The same for rows of a default partition that nobody needs any more; an event partition only as a whole.
create function ${schema}.clear_default_v1(log text, before timestamptz)
  returns boolean
  language plpgsql
  volatile
  ${STEP}
as $$
declare
  newest timestamptz;
begin
  execute format('select max(d.created_at) from %s.%I d', ${quoteLiteral(schema)}, log || '_default') into newest;
  if newest is null or newest >= before then
    return false;
  end if;
  return ${schema}.empty_partition_v1(log, log || '_default', '-infinity', newest + interval '1 microsecond');
end $$;
`;
