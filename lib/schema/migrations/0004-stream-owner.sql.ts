import type { MigrationContext } from '../migration.js';

/** Whether something of the batch `b` is not recorded yet, as far as its marks say. */
export const isOpen = (schema: string): string => `not exists (
                  select from ${schema}.batch_done o
                   where o.trigger_id = b.trigger_id
                     and o.batch_id = b.id
                     and o.claim = b.claim)`;

/** Open batches of a trigger in the names of dispatchers `d`, of which `which` says more. */
const openBatches = (schema: string, which: string): string => `exists (
    select from ${schema}.dispatcher d
     cross join lateral (
           select b.id
             from ${schema}.batch b
            where b.trigger_id = of_trigger
              and b.id >= d.open_from
              and b.dispatcher = d.id
              and b.size > 0
              and ${isOpen(schema)}
            order by b.id
            limit 1) open
     where ${which})`;

/** Retries of a trigger in the hands of dispatchers `d`. */
const retriesInHand = (schema: string, which: string): string => `exists (
    select from ${schema}.retry r
      join ${schema}.dispatcher d
        on d.id = r.dispatcher
     where r.dispatcher is not null
       and r.trigger_id = of_trigger
       and ${which})`;

/**
 * One dispatcher at a time has work of an exclusive stream: order by key and limits over all replicas hold
 * because a single process sees to them.
 *
 * A stream changes hands when nothing of it is open any more. Who has had it last has it without a look, so
 * that a stream that is always busy costs its owner one probe of an index a page.
 */
export const streamOwner = ({ schema, lockKey }: MigrationContext): string => `
-- Under the lock that claims of the trigger take, in a statement before. Whoever has died counts until its
-- work is taken over: an heir goes on with the oldest of it, not with a new page.
create function ${schema}.own_stream_v1(me uuid, of_trigger integer)
  returns boolean
  language plpgsql
  volatile
as $$
#variable_conflict use_column
begin
  if exists (
    select from ${schema}.stream_owner s
     where s.trigger_id = of_trigger
       and s.dispatcher = me
       and s.settled)
  then
    return true;
  end if;
  if ${openBatches(schema, 'd.id <> me')}
     or ${retriesInHand(schema, 'd.id <> me')} then
    return false;
  end if;
  insert into ${schema}.stream_owner (trigger_id, dispatcher, settled)
  values (of_trigger, me, true)
  on conflict (trigger_id) do update
     set dispatcher = me,
         settled = true;
  return true;
end $$;

-- For who takes over a batch of a dead one: whether the stream may become its. It may have more than one to
-- inherit from, and begins with the oldest batch; before it claims a page it looks again.
create function ${schema}.inherit_stream_v1(me uuid, dead uuid, of_trigger integer, of_batch bigint)
  returns boolean
  language plpgsql
  volatile
as $$
#variable_conflict use_column
begin
  if ${openBatches(schema, 'd.id <> me and d.id <> dead and (d.lease_until > clock_timestamp() or open.id < of_batch)')}
     or ${retriesInHand(schema, 'd.id <> me and d.lease_until > clock_timestamp()')} then
    return false;
  end if;
  insert into ${schema}.stream_owner (trigger_id, dispatcher, settled)
  values (of_trigger, me, false)
  on conflict (trigger_id) do update
     set dispatcher = me,
         settled = false;
  return true;
end $$;

-- Those of the triggers whose due retries this dispatcher may take; of an exclusive one only its owner.
create function ${schema}.own_retries_v1(me uuid, triggers integer[], exclusive integer[])
  returns integer[]
  language plpgsql
  volatile
as $$
#variable_conflict use_column
declare
  t integer;
  owned integer[] := '{}';
begin
  foreach t in array triggers loop
    if t = any (exclusive) then
      continue when not exists (
        select from ${schema}.retry r
         where r.trigger_id = t
           and r.dispatcher is null
           and r.due <= clock_timestamp());
      continue when not pg_try_advisory_xact_lock(${lockKey}, t);
      continue when not ${schema}.own_stream_v1(me, t);
    end if;
    owned := owned || t;
  end loop;
  return owned;
end $$;
`;
