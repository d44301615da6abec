import { quoteLiteral } from '../identifier.js';
import type { MigrationContext } from '../migration.js';
import { ENGINE_SETTINGS } from './engine-settings.js';

/** Above it a notification could fill the queue of the server, and then every COMMIT that notifies fails. */
const FULLEST_QUEUE = 0.5;
/** Seconds for which nobody asks again whether somebody listens, when nobody does. */
const NOBODY_LISTENS = 5;
/** Seconds that a dispatcher which is awake says it will be. It says so again well before they are over. */
const STAYS_AWAKE = 2;

/**
 * Waking dispatchers that sleep, without a notification per write under load.
 *
 * Dispatchers that are awake push a time ahead of them: until then they look by themselves. Only a change
 * that finds this time passed notifies. It is a sequence, because that is seen at once by every transaction
 * whatever its snapshot, and leaves no dead rows.
 *
 * What must hold: who goes to sleep has seen all that was written by somebody who found the time not passed.
 */
export const wake = ({ schema }: MigrationContext): string => {
  const gate = quoteLiteral(`${schema}.awake_until`);
  const channel = quoteLiteral(schema.slice(1, -1).replaceAll('""', '"'));
  return `
-- whether it hears notifications
alter table ${schema}.dispatcher add column listens boolean not null default false;

-- Seconds since 1970.
create sequence ${schema}.awake_until;
-- For ever: nobody listens until a dispatcher that does sets a time.
select setval(${gate}, ${Number.MAX_SAFE_INTEGER});

-- PREPARE TRANSACTION refuses a transaction that has notified. What is not notified is found by the next poll.
create function ${schema}.may_notify_v1() returns boolean
  language sql
  volatile
  set search_path = pg_catalog, pg_temp
as $$
  select current_setting('max_prepared_transactions')::integer = 0
     and pg_notification_queue_usage() < ${FULLEST_QUEUE};
$$;

-- What a change does that finds the time passed. Where all who listened have died, the time is set ahead, since
-- each notification takes a lock of the whole server through the commit.
create function ${schema}.wake_v1() returns void
  language plpgsql
  volatile
  set search_path = pg_catalog, pg_temp
as $$
begin
  -- A transaction with an old snapshot sees leases that have been renewed since.
  if current_setting('transaction_isolation') = 'read committed' and not exists (
    select from ${schema}.dispatcher d
     where d.listens
       and d.lease_until > clock_timestamp())
  then
    perform setval(${gate}, ceil(extract(epoch from clock_timestamp()))::bigint + ${NOBODY_LISTENS});
  elsif ${schema}.may_notify_v1() then
    perform pg_notify(${channel}, '');
  end if;
end $$;

-- This dispatcher is awake for a while, or does not hear anything any more. Where it is the first to be awake,
-- those who sleep are told: writers notify nobody from here on, also of what only a sleeper may deliver.
create function ${schema}.keep_awake_v1(me uuid, hears boolean) returns void
  language plpgsql
  volatile
  ${ENGINE_SETTINGS}
as $$
declare
  all_slept boolean;
begin
  perform set_config('synchronous_commit', 'off', true);
  update ${schema}.dispatcher d
     set listens = hears
   where d.id = me
     and d.listens <> hears;
  if hears then
    all_slept := (select s.last_value from ${schema}.awake_until s) < extract(epoch from clock_timestamp());
    perform setval(${gate}, ceil(extract(epoch from clock_timestamp()))::bigint + ${STAYS_AWAKE});
    if all_slept and ${schema}.may_notify_v1() then
      perform pg_notify(${channel}, 'awake');
    end if;
  elsif not exists (
    select from ${schema}.dispatcher d
     where d.listens
       and d.lease_until > clock_timestamp())
  then
    perform setval(${gate}, ${Number.MAX_SAFE_INTEGER});
  end if;
end $$;

-- Whether a dispatcher may sleep after one more look, and milliseconds until a retry of these triggers is due.
-- Not before the time that it pushed has passed: until then writers count on it. Not while somebody writes who
-- may have found it not passed, or has and is in no window yet: those are in the list of the newest tick, or
-- have issued a number since. Whoever is in the list and has written nothing to the log, in another database or
-- elsewhere in this one, will find the time passed.
create function ${schema}.may_sleep_v1(triggers integer[], out may boolean, out due_in double precision)
  language plpgsql
  volatile
  ${ENGINE_SETTINGS}
as $$
declare
  newest record;
  writers xid[];
begin
  may := (select s.last_value from ${schema}.awake_until s) < extract(epoch from clock_timestamp());
  if may then
    -- Before the look below, which sees what these have committed by then.
    select coalesce(array_agg(own.transactionid), '{}') into writers
      from pg_locks log
      join pg_locks own
        on own.virtualtransaction = log.virtualtransaction
       and own.locktype = 'transactionid'
       and own.mode = 'ExclusiveLock'
     where log.locktype = 'relation'
       and log.relation = ${quoteLiteral(`${schema}.event`)}::regclass
       and log.database = (select d.oid from pg_database d where d.datname = current_database())
       and log.mode = 'RowExclusiveLock';
    select k.snapshot, k.lo into newest from ${schema}.tick k order by k.id desc limit 1;
    may := newest.lo = (select n.last_value from ${schema}.event_number n)
       and not exists (
           select from pg_snapshot_xip(newest.snapshot) x
            where x in (select pg_snapshot_xip(pg_current_snapshot()))
              and x::xid = any (writers))
       -- The last look may find that another dispatcher is cutting, and cut nothing itself.
       and not exists (
           select from pg_snapshot_xip(newest.snapshot) x
            cross join lateral (
                  select from ${schema}.event e
                   where e.xid = x
                   order by e.trigger_id, e.id
                   limit 1) written);
  end if;
  if may then
    select extract(epoch from min(d.due) - clock_timestamp()) * 1000 into due_in
      from unnest(triggers) t
     cross join lateral (
           select r.due
             from ${schema}.retry r
            where r.trigger_id = t
              and r.dispatcher is null
              and r.due < 'infinity'
            order by r.due
            limit 1) d;
  end if;
end $$;

-- Definitions that change are learnt at once by those who listen.
create function ${schema}.tell_definitions_v1() returns trigger
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
begin
  if ${schema}.may_notify_v1() then
    perform pg_notify(${channel}, 'definitions');
  end if;
  return null;
end $$;
revoke all on function ${schema}.tell_definitions_v1() from public;
create trigger tell_definitions
  after insert or update or delete on ${schema}.event_trigger
  for each statement
  execute function ${schema}.tell_definitions_v1();
`;
};
