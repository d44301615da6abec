import type { MigrationContext } from '../migration.js';
import {
  assertAlive,
  EVENT_COLUMNS,
  isBehind,
  isCancelled,
  loadWindow,
  noEventColumns,
  overWindow,
} from './0004-claim.sql.js';
import { RECORD_ARGUMENTS, recordParameters } from './0005-record.sql.js';
import { ENGINE_SETTINGS } from './engine-settings.js';

/** Leases lost after which an event is handed out alone, because it may be the one that kills its process. */
const SUSPECT_AFTER = 2;

/**
 * Retries of one key that are handed out together, so that a key that is let go catches up: a round trip each else. When
 * one of them fails, the others were fetched in vain.
 */
const MOST_OF_A_KEY = 16;

/**
 * What a claimed retry `r` is. A change of the key becomes due for the sake of one key, while an earlier event of its
 * other key is in hand: when that fails, it has to wait once more.
 */
const kindOfRetry = (schema: string): string => `
              case when r.ordered and r.key_before is not null
                    and ${schema}.is_behind_v1(r.trigger_id, r.event_id, array[r.key, r.key_before]) then 'behind'
                   when r.redelivered then 'redelivery'
                   else 'retry' end`;

const RETRY_COLUMNS = `r.event_id, r.operation, r.key, r.key_before, r.old, r.new, r.session, r.trace, r.created_at::text`;

/**
 * Due retries, of each trigger the oldest first, at most `most_retries`. Triggers come in any order, so that
 * none waits for ever behind one that always has that many.
 */
const claimRetries = (schema: string): string => `
    if cardinality(exclusive) > 0 then
      retried := ${schema}.own_retries_v1(me, retried, exclusive);
    end if;
    return query
    with due as materialized (
      select d.*
        from (select t from unnest(retried) t order by random()) t
       cross join lateral (
             select r.trigger_id, r.event_id, r.created_at, r.key, r.key_before, r.ordered
               from ${schema}.retry r
              where r.trigger_id = t.t
                and r.dispatcher is null
                -- entries before the floor are dead: a held snapshot would make every claim walk over them
                and r.due >= floor
                and r.due <= now_
                and r.lost < ${SUSPECT_AFTER}
              order by r.due
              limit most_retries
                for update skip locked) d
       limit most_retries
    ),
    -- and those that wait for one of them, up to one that changes its key, is to be handed out alone, or waits for
    -- something else
    following as materialized (
      select f.*
        from due d
       cross join lateral (
             select n.trigger_id, n.event_id, n.created_at,
                    bool_or(n.key_before is not null
                         or n.lost >= ${SUSPECT_AFTER}
                         or n.due <> 'infinity'
                         or n.dispatcher is not null) over (order by n.event_id) as cut
               from (
                    select r.trigger_id, r.event_id, r.created_at, r.key_before, r.lost, r.due, r.dispatcher
                      from ${schema}.retry r
                     where r.trigger_id = d.trigger_id
                       and r.ordered
                       and r.key = d.key
                       and r.event_id > d.event_id
                     order by r.event_id
                     limit ${MOST_OF_A_KEY}
                       for update) n) f
       where d.ordered
         and d.key_before is null
         and not f.cut
         and not exists (
             select from ${schema}.retry m
              where m.trigger_id = d.trigger_id
                and m.ordered
                and m.key_before is not null
                and m.key_before = d.key
                and m.event_id > d.event_id
                and m.event_id < f.event_id)
    )
    update ${schema}.retry r
       set dispatcher = me
      from (select d.trigger_id, d.event_id, d.created_at from due d
            union all
            select f.trigger_id, f.event_id, f.created_at from following f) d
     where r.trigger_id = d.trigger_id
       and r.event_id = d.event_id
       and r.created_at = d.created_at
    returning ${kindOfRetry(schema)}, r.trigger_id, null::bigint, ${RETRY_COLUMNS}, r.attempts::integer, null::uuid;
    took := took or found;
    -- One suspect at a time, so that the next lease to run out names the culprit.
    if not exists (select from ${schema}.retry r where r.dispatcher = me and r.lost >= ${SUSPECT_AFTER}) then
      return query
      with suspect as materialized (
        select d.*
          from (select t from unnest(retried) t order by random()) t
         cross join lateral (
               select r.trigger_id, r.event_id, r.created_at
                 from ${schema}.retry r
                where r.trigger_id = t.t
                  and r.dispatcher is null
                  and r.due <= now_
                  and r.lost >= ${SUSPECT_AFTER}
                order by r.due
                limit 1
                  for update skip locked) d
         limit 1
      )
      update ${schema}.retry r
         set dispatcher = me
        from suspect d
       where r.trigger_id = d.trigger_id
         and r.event_id = d.event_id
         and r.created_at = d.created_at
      returning ${kindOfRetry(schema)}, r.trigger_id, null::bigint, ${RETRY_COLUMNS}, r.attempts::integer, null::uuid;
      took := took or found;
    end if;`;

/**
 * All that a dispatcher does in one round trip: tick, claim what is new or due, record what earlier cycles
 * came to. One call instead of three, because most of the price of a small batch is the call.
 *
 * The tick comes first: it has to read the sequence before the transaction has an id.
 */
export const cycle = ({ schema }: MigrationContext): string => `
create function ${schema}.cycle_v1(
  me uuid,
  -- the tick whose news this dispatcher has asked for already
  seen bigint,
  -- triggers that have room, and those of them to be asked whether or not there is news
  eligible integer[], hot integer[],
  most integer, most_bytes bigint, most_batches integer,
  -- due retries, of any of these triggers
  most_retries integer, retried integer[], floor timestamptz,
  -- those of them that one dispatcher at a time may have work of
  exclusive integer[],
  -- all null where there is nothing to record
${recordParameters(schema)})
  returns setof ${schema}.claimed
  language plpgsql
  volatile
  rows 500
  ${ENGINE_SETTINGS}
as $$
#variable_conflict use_column
declare
  newest bigint;
  before record;
  ended xid8[];
  asked integer[] := hot;
  of_trigger integer;
  batch record;
  a record;
  b record;
  finished xid8[];
  from_tick bigint;
  to_tick bigint;
  after_number bigint;
  last_number bigint;
  any_cancelled boolean;
  claimed_batches integer := 0;
  took boolean;
  left_over integer[] := '{}';
  elsewhere integer[] := '{}';
  now_ timestamptz := clock_timestamp();
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'a dispatcher needs READ COMMITTED, this transaction is %', upper(current_setting('transaction_isolation'))
      using errcode = 'ET007';
  end if;
  if pg_is_in_recovery() then
    raise exception 'this server is a standby, a dispatcher needs the primary'
      using errcode = 'ET008';
  end if;
  newest := ${schema}.tick_v1();
  -- Losing the last of this in a crash can only repeat a delivery.
  perform set_config('synchronous_commit', 'off', true);

  if seen is null then
    asked := eligible;
  elsif newest > seen or newest < seen then
    select t.snapshot, t.lo into before from ${schema}.tick t where t.id = seen;
    if not found then
      -- a crash of Postgres forgot the tick
      asked := eligible;
    else
      select array_agg(x) into ended
        from pg_snapshot_xip(before.snapshot) x
       where pg_visible_in_snapshot(x, pg_current_snapshot());
      select array_agg(t) into asked
        from unnest(eligible) t
       where t = any (hot)
          or exists (
             select from (
                    select from ${schema}.event e
                     where e.trigger_id = t
                       and e.id > before.lo
                     order by e.id
                     limit 1) news)
          or exists (
             select from unnest(ended) x
              cross join lateral (
                    select from ${schema}.event e
                     where e.xid = x
                       and e.trigger_id = t
                     order by e.id
                     limit 1) news);
    end if;
  end if;
  foreach of_trigger in array coalesce(asked, '{}') loop
    if claimed_batches >= most_batches then
      left_over := left_over || of_trigger;
      continue;
    end if;
    select * into batch from ${schema}.claim_page_v1(me, of_trigger, newest, most, most_bytes);
    if batch.again then
      left_over := left_over || of_trigger;
    elsif batch.elsewhere then
      elsewhere := elsewhere || of_trigger;
    end if;
    continue when batch.size = 0;
    claimed_batches := claimed_batches + 1;
    from_tick := batch.from_tick;
    to_tick := batch.to_tick;
    after_number := batch.after_number;
    last_number := batch.last_number;
${loadWindow(schema)}
    any_cancelled := exists (select from ${schema}.cancellation x where x.trigger_id = of_trigger);
    return query
    select 'batch', of_trigger, batch.batch_id, ${noEventColumns(schema)}, 1, batch.batch_claim;
    -- Nearly always there is nothing to ask of each event.
    if batch.ordered or any_cancelled then
${overWindow(
  schema,
  (events) => `return query
      select case when batch.ordered and ${isBehind(schema)} then 'parked' else 'event' end,
             of_trigger, null::bigint, ${EVENT_COLUMNS}, 0, null::uuid
        from (${events('e.*')}) e
       where not ${isCancelled(schema)};`,
  'last_number',
)}
    else
${overWindow(
  schema,
  (events) => `return query
      select 'event', of_trigger, null::bigint, ${EVENT_COLUMNS}, 0, null::uuid
        from (${events('e.*')}) e;`,
  'last_number',
)}
    end if;
    if not found then
      insert into ${schema}.batch_done (trigger_id, batch_id, claim)
      values (of_trigger, batch.batch_id, batch.batch_claim);
    end if;
  end loop;
  took := claimed_batches > 0;
  if most_retries > 0 then
    ${claimRetries(schema)}
  end if;
  if took then
${assertAlive(schema)}
  end if;

  if batch_triggers is not null then
    perform ${schema}.record_v1(me, ${RECORD_ARGUMENTS});
  end if;

  return query
  select case when t = any (elsewhere) then 'elsewhere' else 'again' end, t, null::bigint,
         ${noEventColumns(schema)}, null::integer, null::uuid
    from unnest(left_over || elsewhere) t;
  return query
  select 'cycle', null::integer, newest, ${noEventColumns(schema)},
         -- how many dispatchers of this application have died and left something
         (select count(*)::integer
            from ${schema}.dispatcher d
           where d.lease_until < now_
             and d.application = (select m.application from ${schema}.dispatcher m where m.id = me)),
         null::uuid;
end $$;
`;
