import type { MigrationContext } from '../migration.js';
import {
  assertAlive,
  EVENT_COLUMNS as CLAIMED_COLUMNS,
  isBehind,
  noEventColumns,
} from './0004-claim.sql.js';
import { EVENT_COLUMNS, holdsKey, isOrdered } from './0005-record.sql.js';
import { isOpen } from './0004-stream-owner.sql.js';
import { ENGINE_SETTINGS } from './engine-settings.js';

/** Leases after which a batch is taken apart: one of its events may be killing the processes. */
const MOST_LEASES = 2;
/** What such an event starts with: it is handed out alone from here on. */
const SUSPECT_AFTER = 2;
/** And it is given up when the lease ran out this often: three times with nothing else suspected. */
const GIVEN_UP_AFTER = SUSPECT_AFTER + 3;

/**
 * Being alive, and inheriting from the dead.
 *
 * One lease covers everything a dispatcher holds. Whoever notices that one has run out takes over what it
 * left, trigger by trigger under the lock that claims take, so that no claim of the dead one is under way.
 */
export const lease = ({ schema, lockKey }: MigrationContext): string => `
-- Returns the lease's end, or null if it had run out: then everything in hand has to be let go of. Of several
-- names one is alive: which one, is not known while the answer to a change of name is lost.
create function ${schema}.heartbeat_v1(names uuid[], lease interval, lowest_open bigint)
  returns timestamptz
  language sql
  volatile
  ${ENGINE_SETTINGS}
as $$
  update ${schema}.dispatcher d
     set lease_until = clock_timestamp() + lease,
         -- Only a takeover lowers it. After a failover that nobody has noticed yet, numbers that are still to
         -- be issued may be below those of before.
         open_from = least(greatest(d.open_from, lowest_open), (select n.last_value from ${schema}.batch_id n))
   where d.id = any (names)
     and d.lease_until > clock_timestamp()
  returning d.lease_until;
$$;

-- Goes on under another name with what is known to be in hand, and returns the claims that still stand; null
-- if the lease had run out. What the old names hold beside it was taken by calls whose answers got lost: it
-- is handed back, and such a call that is still under way fails.
create function ${schema}.rename_v1(
  names uuid[], new_name uuid, lease interval,
  batch_triggers integer[], batch_ids bigint[], batch_claims uuid[],
  retry_triggers integer[], retry_events bigint[], retry_created timestamptz[])
  returns uuid[]
  language plpgsql
  volatile
  ${ENGINE_SETTINGS}
as $$
declare
  standing uuid[];
begin
  insert into ${schema}.dispatcher (id, application, lease_until, open_from, declares)
  select new_name, d.application, clock_timestamp() + lease, d.open_from, d.declares
    from ${schema}.dispatcher d
   where d.id = any (names)
     and d.lease_until > clock_timestamp()
     for update;
  if not found then
    return null;
  end if;
  with kept as (
    update ${schema}.batch b
       set dispatcher = new_name
      from unnest(batch_triggers, batch_ids, batch_claims) k (trigger_id, id, claim)
     where b.trigger_id = k.trigger_id
       and b.id = k.id
       and b.claim = k.claim
       and b.dispatcher = any (names)
    returning b.claim
  )
  select coalesce(array_agg(k.claim), '{}') into standing from kept k;
  update ${schema}.retry r
     set dispatcher = new_name
    from unnest(retry_triggers, retry_events, retry_created) k (trigger_id, event_id, created_at)
   where r.trigger_id = k.trigger_id
     and r.event_id = k.event_id
     and r.created_at = k.created_at
     and r.dispatcher = any (names);
  perform ${schema}.hand_back_v1(names, 0);
  update ${schema}.stream_owner s
     set dispatcher = new_name,
         settled = false
   where s.dispatcher = any (names);
  update ${schema}.dispatcher d
     set lease_until = '-infinity',
         released = true
   where d.id = any (names)
     and d.lease_until > clock_timestamp();
  return standing;
end $$;

-- Leaves in good order: others may go on at once with what is still open.
create function ${schema}.release_v1(me uuid, lowest_open bigint)
  returns void
  language plpgsql
  volatile
  ${ENGINE_SETTINGS}
as $$
begin
  perform ${schema}.hand_back_v1(array[me], 0);
  update ${schema}.dispatcher d
     set lease_until = '-infinity',
         open_from = greatest(d.open_from, lowest_open),
         released = true
   where d.id = me
     and d.lease_until > clock_timestamp();
  if lowest_open is null then
    delete from ${schema}.dispatcher d where d.id = me and d.released;
  end if;
end $$;

-- Returns the batches that are this dispatcher's now, each with the events that are still owed of it. Whose
-- the dead one was does not matter: a trigger may have moved to another application meanwhile.
create function ${schema}.recover_v1(me uuid, mine integer[], most_batches integer)
  returns setof ${schema}.claimed
  language plpgsql
  volatile
  ${ENGINE_SETTINGS}
as $$
#variable_conflict use_column
declare
  dead record;
  open_batch record;
  of_trigger integer;
  taken integer := 0;
  lowest bigint;
  finished boolean;
  advanced_triggers integer[];
  advanced_keys text[];
  trait record;
begin
${assertAlive(schema)}
  -- skip locked: one heir at a time
  for dead in
    select d.id, d.open_from, d.released
      from ${schema}.dispatcher d
     where d.lease_until < clock_timestamp()
       and d.id <> me
     order by d.lease_until
       for update skip locked
  loop
    finished := true;
    -- In one order for all, so that who records late and who takes over do not wait for each other.
    perform from ${schema}.retry r
      where r.dispatcher = dead.id
      order by r.trigger_id, r.event_id, r.created_at
        for update;
    with given_up as (
      delete from ${schema}.retry r
       where r.dispatcher = dead.id
         and r.lost + 1 >= ${GIVEN_UP_AFTER}
      returning r.*
    ),
    buried as (
      insert into ${schema}.dead_letter (${EVENT_COLUMNS}, attempts, reason, holds_key)
      select ${EVENT_COLUMNS}, g.attempts, 'lease-lost', ${holdsKey(schema, 'g.trigger_id')}
        from given_up g
      on conflict do nothing
    )
    select array_agg(g.trigger_id), array_agg(k.key) into advanced_triggers, advanced_keys
      from given_up g
     cross join unnest(array[g.key, g.key_before]) k (key)
     where g.ordered
       and k.key is not null;
    perform ${schema}.hand_back_v1(array[dead.id], 1);
    perform ${schema}.advance_keys_v1(advanced_triggers, advanced_keys);

    foreach of_trigger in array mine loop
      if not pg_try_advisory_xact_lock(${lockKey}, of_trigger) then
        finished := false;
        continue;
      end if;
      select t.exclusive, t.ordered into trait from ${schema}.event_trigger t where t.id = of_trigger;
      for open_batch in
        select b.id, b.claim, b.leases
          from ${schema}.batch b
         where b.trigger_id = of_trigger
           and b.id >= dead.open_from
           and b.dispatcher = dead.id
           and b.size > 0
           and ${isOpen(schema)}
         order by b.id
      loop
        -- The oldest first: who has a later one waits until somebody has taken the earlier ones.
        if trait.exclusive and not ${schema}.inherit_stream_v1(me, dead.id, of_trigger, open_batch.id) then
          finished := false;
          exit;
        end if;
        if open_batch.leases >= ${MOST_LEASES} and not dead.released then
          with suspect as (
            insert into ${schema}.retry (${EVENT_COLUMNS}, attempts, due, lost, ordered)
            select e.trigger_id, e.id, e.operation, e.key, e.key_before, e.old, e.new, e.session, e.trace, e.created_at, 0,
                   case when ${isOrdered(schema, 'e.trigger_id', 'e.key')} then 'infinity' else clock_timestamp() end,
                   ${SUSPECT_AFTER}, ${isOrdered(schema, 'e.trigger_id', 'e.key')}
              from ${schema}.batch_events_v1(of_trigger, open_batch.id, open_batch.claim) e
            on conflict do nothing
            returning trigger_id, key, key_before, ordered
          )
          select array_agg(s.trigger_id), array_agg(k.key) into advanced_triggers, advanced_keys
            from suspect s
           cross join unnest(array[s.key, s.key_before]) k (key)
           where s.ordered
             and k.key is not null;
          perform ${schema}.advance_keys_v1(advanced_triggers, advanced_keys);
          insert into ${schema}.batch_done (trigger_id, batch_id, claim)
          values (of_trigger, open_batch.id, open_batch.claim);
        elsif taken >= most_batches then
          finished := false;
        else
          return query
          select 'batch', of_trigger, open_batch.id, ${noEventColumns(schema)}, open_batch.leases + 1, open_batch.claim;
          return query
          select case when trait.ordered and ${isBehind(schema)} then 'parked' else 'event' end,
                 of_trigger, null::bigint, ${CLAIMED_COLUMNS}, 0, null::uuid
            from ${schema}.batch_events_v1(of_trigger, open_batch.id, open_batch.claim) e;
          if not found then
            -- All of it was done and only the mark is missing.
            insert into ${schema}.batch_done (trigger_id, batch_id, claim)
            values (of_trigger, open_batch.id, open_batch.claim);
            continue;
          end if;
          update ${schema}.batch b
             set dispatcher = me,
                 leases = b.leases + case when dead.released then 0 else 1 end
           where b.trigger_id = of_trigger
             and b.id = open_batch.id
             and b.claim = open_batch.claim;
          taken := taken + 1;
          lowest := least(lowest, open_batch.id);
        end if;
      end loop;
    end loop;
    -- What belongs to triggers that only others know is left for them.
    if finished and not exists (
      select from ${schema}.event_trigger t
       cross join lateral (
             select from ${schema}.batch b
              where b.trigger_id = t.id
                and b.id >= dead.open_from
                and b.dispatcher = dead.id
                and b.size > 0
                and ${isOpen(schema)}
              limit 1) left_behind
       where t.id <> all (mine))
    then
      delete from ${schema}.dispatcher d where d.id = dead.id;
    end if;
  end loop;
  update ${schema}.dispatcher d
     set open_from = least(d.open_from, lowest)
   where d.id = me
     and lowest < d.open_from;
end $$;
`;
