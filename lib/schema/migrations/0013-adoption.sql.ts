import { LOCK } from '../advisory-lock.js';
import { quoteLiteral } from '../identifier.js';
import type { MigrationContext } from '../migration.js';
import { isCopied } from './0003-history.sql.js';
import { EVENT_COLUMNS, eventColumns, isOrdered } from './0005-record.sql.js';
import { isOpen } from './0004-stream-owner.sql.js';

/** Visible in every snapshot: the first number that Postgres gives to a transaction. */
const LONG_AGO = '3';

/** A sequence that is behind what stands in a table, as after logical replication. */
const catchUp = (schema: string, sequence: string, highest: string): string => `
  perform setval(${quoteLiteral(`${schema}.${sequence}`)}, h.highest)
     from (select ${highest} as highest) h
    cross join ${schema}.${sequence} n
    where h.highest > n.last_value;`;

/**
 * Making the log of a copied database one that is written here.
 *
 * What waits is kept as retries, which carry their rows, or given up; every stream goes on behind a new tick. What
 * was handed out is told as ever, by comparing what the log holds: its own transaction ids with its own ticks. Of
 * what the copy captured itself those say nothing, but it is younger than the newest of them.
 */
export const adoption = ({ schema, lockKey }: MigrationContext): string => `
-- The number issued last, in a transaction of its own that has an id: whoever is not below the snapshot of a
-- transaction that begins after this one's end takes its numbers after it.
create function ${schema}.mark_v1()
  returns bigint
  language plpgsql
  volatile
  set search_path = pg_catalog, pg_temp
as $$
declare
  issued bigint;
begin${catchUp(
  schema,
  'event_number',
  `(select max(l.id)
             from ${schema}.event_trigger t
            cross join lateral (select max(e.id) as id from ${schema}.event e where e.trigger_id = t.id) l)`,
)}
  select n.last_value into issued from ${schema}.event_number n;
  perform pg_current_xact_id();
  return issued;
end $$;

-- How many events waited; null where there is nothing to adopt. Needs REPEATABLE READ: what waits and where streams
-- go on has to be read in one snapshot. marked: what mark_v1 returned.
create function ${schema}.adopt_v1(marked bigint, delivers boolean, new_deployment text)
  returns bigint
  language plpgsql
  volatile
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  newest record;
  waiting bigint;
  cut bigint;
begin
  if current_setting('transaction_isolation') <> 'repeatable read' then
    raise exception 'adoption needs REPEATABLE READ, this transaction is %', upper(current_setting('transaction_isolation'))
      using errcode = 'ET007';
  end if;
  select t.snapshot, t.hi, min(t.created_at) over () as created_at into newest
    from ${schema}.tick t
   where t.id = (select max(n.id) from ${schema}.tick n)
   limit 1;
  if not exists (
    select from ${schema}.installation i
     where ${isCopied}
        or i.deployment <> new_deployment
        or newest.created_at is null
        or newest.hi > marked
        or pg_snapshot_xmax(newest.snapshot) > pg_snapshot_xmax(pg_current_snapshot()))
  then
    return null;
  end if;
  -- Nobody claims from here on, and who has claimed loses it below.
  perform pg_advisory_xact_lock(${lockKey}, l.key)
     from (select t.id as key from ${schema}.event_trigger t union all select ${LOCK.tick} order by key) l;

  create temporary table adopted on commit drop as
  select ${eventColumns('e', 'id')}
    from ${schema}.event_trigger t
    left join lateral (
         select n.from_tick, n.to_tick, n.last_id, n.more
           from ${schema}.batch n
          where n.trigger_id = t.id
          order by n.id desc
          limit 1) c on true
    left join lateral (select k.snapshot from ${schema}.tick k where k.id = c.from_tick limit 1) a on true
    left join lateral (select k.snapshot from ${schema}.tick k where k.id = c.to_tick limit 1) b on true
    join ${schema}.event e
      on e.trigger_id = t.id
   where (e.created_at > newest.created_at
       -- a tick that is missing says nothing
       or a.snapshot is null
       or b.snapshot is null
       or not pg_visible_in_snapshot(e.xid, b.snapshot)
       or c.more and e.id > c.last_id and not pg_visible_in_snapshot(e.xid, a.snapshot))
     and not exists (
         select from ${schema}.cancellation x
          where x.trigger_id = e.trigger_id and x.event_id = e.id and x.created_at = e.created_at)
     and not exists (
         select from ${schema}.attempt t
          where t.event_id = e.id
            and t.trigger_id = e.trigger_id
            and t.outcome = 'delivered'
            and t.created_at >= e.created_at)
  union all
  -- what dispatchers of the other server had in hand
  select ${eventColumns('e', 'id')}
    from ${schema}.batch b
   cross join lateral ${schema}.batch_events_v1(b.trigger_id, b.id, b.claim) e
   where b.size > 0
     and b.dispatcher in (select d.id from ${schema}.dispatcher d)
     and ${isOpen(schema)};

  if delivers then
    insert into ${schema}.retry (${EVENT_COLUMNS}, attempts, due, ordered)
    select ${eventColumns('w', 'id')}, 0,
           case when ${isOrdered(schema, 'w.trigger_id', 'w.key')} then 'infinity' else clock_timestamp() end,
           ${isOrdered(schema, 'w.trigger_id', 'w.key')}
      from adopted w
    on conflict do nothing;
    perform ${schema}.hand_back_v1(
      array(select distinct r.dispatcher from ${schema}.retry r where r.dispatcher is not null), 0);
    perform ${schema}.advance_keys_v1(array_agg(r.trigger_id), array_agg(k.key))
       from ${schema}.retry r
      cross join unnest(array[r.key, r.key_before]) k (key)
      where r.ordered
        and k.key is not null;
    select count(*) into waiting from ${schema}.retry r;
  else
    with gone as (
      delete from ${schema}.retry r
      returning 1
    )
    select (select count(*) from gone) + (select count(*) from adopted) into waiting;
  end if;

  delete from ${schema}.dispatcher;
  delete from ${schema}.stream_owner;
  -- What is in the log by now is settled. Later on its ids would be those of transactions of this server.
  update ${schema}.event e
     set xid = '${LONG_AGO}'
   where e.xid >= pg_snapshot_xmin(pg_current_snapshot());${catchUp(schema, 'tick_id', `(select max(k.id) from ${schema}.tick k)`)}${catchUp(schema, 'batch_id', `(select max(b.id) from ${schema}.batch b)`)}
  insert into ${schema}.tick (id, snapshot, seq_before, lo, hi)
  select nextval(${quoteLiteral(`${schema}.tick_id`)}), pg_current_snapshot(), marked, marked, n.last_value
    from ${schema}.event_number n
  returning id into cut;
  insert into ${schema}.batch (trigger_id, id, claim, dispatcher, from_tick, to_tick, after_id, last_id, size, more)
  select t.id, nextval(${quoteLiteral(`${schema}.batch_id`)}), gen_random_uuid(), '00000000-0000-0000-0000-000000000000', cut, cut, 0, 0, 0, false
    from ${schema}.event_trigger t;
  update ${schema}.installation i
     set written_by = pg_current_xact_id(),
         deployment = coalesce(new_deployment, i.deployment);
  return waiting;
end $$;
`;
