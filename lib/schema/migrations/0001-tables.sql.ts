import { quoteLiteral } from '../identifier.js';
import type { MigrationContext } from '../migration.js';

/**
 * The tables. The event log and everything that dispatchers write per batch is append-only: an update
 * leaves a dead row behind, and dead rows pile up without bound while anybody holds an old snapshot.
 *
 * Logs are partitioned by time, so that old rows leave by dropping a table, and have a default partition,
 * so that no write of the application ever fails for want of one. They carry no constraint but `not null`.
 */
export const tables = ({ schema }: MigrationContext): string => `
-- Whose events these are: part of every event's id, so that ids of two databases never collide.
create table ${schema}.installation (
  id bigint not null,
  -- The transaction that wrote this row. A copy that was made row by row was written by another one: there,
  -- transaction ids, and with them all that ticks say, are those of another server. Physical copies, pg_upgrade and
  -- vacuum keep the system column that it is compared with; ALTER TABLE does not where it rewrites the table.
  written_by xid8 not null default pg_current_xact_id(),
  -- where dispatchers may deliver; null as long as none has said where it runs
  deployment text,
  created_at timestamptz not null default clock_timestamp(),
  only_row boolean primary key default true check (only_row)
);
insert into ${schema}.installation (id)
-- 36 random bits, taken from a uuid because random() has too few states for that many
select ('x' || right(gen_random_uuid()::text, 9))::bit(36)::bigint;

-- Definitions. The database is the one source of them for every dispatcher.
create sequence ${schema}.event_trigger_revision;
create table ${schema}.event_trigger (
  id integer generated always as identity primary key,
  name text not null unique,
  application text not null,
  definition json not null,
  -- its rows are delivered one at a time and in order; and one dispatcher at a time has work of it
  ordered boolean not null generated always as (coalesce(definition ->> 'ordering' = 'row', false)) stored,
  exclusive boolean not null generated always as (
    coalesce(definition ->> 'ordering' = 'row' or definition ->> 'exact' = 'true', false)) stored,
  -- since when nothing of it is delivered, and why: by 'hand', since its destination is 'failing' or
  -- 'gone', or since it was 'removed' and its events are kept
  delivery_paused_at timestamptz,
  delivery_pause_reason text,
  -- since when its changes are not captured, and why: by 'hand', or since it kept more of the log than it may ('full')
  capture_paused_at timestamptz,
  capture_pause_reason text,
  -- since when its destination fails, as long as it does
  failing_since timestamptz,
  -- the statements that are in force on the table; null while nothing is attached
  installed text[],
  -- raised with every change: replicas compare the sum to notice one
  revision bigint not null default nextval(${quoteLiteral(`${schema}.event_trigger_revision`)}),
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  -- set when no application declares it any more; what waits in its stream is kept, or still delivered
  removed_at timestamptz
);

create type ${schema}.operation as enum ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'MANUAL');
create type ${schema}.outcome as enum ('delivered', 'retry', 'dead');

create sequence ${schema}.event_number cache 1;
-- A sequence that was never used says 1, as does one that issued 1. From here on last_value means "issued".
select setval(${quoteLiteral(`${schema}.event_number`)}, 1);

create table ${schema}.event (
  -- First, so that a transaction has its id before it takes a number: the proof of the tick rests on it.
  xid xid8 not null default pg_current_xact_id(),
  id bigint not null default nextval(${quoteLiteral(`${schema}.event_number`)}),
  trigger_id integer not null,
  operation ${schema}.operation not null,
  key text,
  -- of an ordered trigger, where the change gave the row another key
  key_before text,
  old json,
  new json,
  session text,
  trace text,
  created_at timestamptz not null default clock_timestamp()
) partition by range (created_at);
create table ${schema}.event_default partition of ${schema}.event default;
-- the walk through a window, in the order of numbers
create index event_of_trigger on ${schema}.event (trigger_id, id);
-- what a transaction wrote that was still running when the window before was cut
create index event_of_transaction on ${schema}.event (xid, trigger_id, id);

-- A stored snapshot. Two of them cut a window out of the log: visible in the later, not in the earlier.
create sequence ${schema}.tick_id;
create table ${schema}.tick (
  id bigint not null,
  snapshot pg_snapshot not null,
  -- last number issued, read before this tick had a transaction id and before its snapshot
  seq_before bigint not null,
  -- seq_before of the previous tick: whatever is not visible in the snapshot and not in its list is above
  lo bigint not null,
  -- last number issued, read in the snapshot: whatever is visible in it is not above
  hi bigint not null,
  created_at timestamptz not null default clock_timestamp()
) partition by range (created_at);
create table ${schema}.tick_default partition of ${schema}.tick default;
create index tick_by_id on ${schema}.tick (id);
-- Nothing lies before it, so its bounds hold whatever this transaction did before.
insert into ${schema}.tick (id, snapshot, seq_before, lo, hi)
select nextval(${quoteLiteral(`${schema}.tick_id`)}), pg_current_snapshot(), 1, 0, 1;

-- A page of a stream that a dispatcher took. The newest row of a trigger is the cursor of its stream.
create sequence ${schema}.batch_id;
create table ${schema}.batch (
  trigger_id integer not null,
  id bigint not null,
  -- A crash of Postgres can forget a number and issue it again, but not this.
  claim uuid not null,
  dispatcher uuid not null,
  -- how often the page was handed out; above 1 only after a crash
  leases smallint not null default 1,
  from_tick bigint not null,
  to_tick bigint not null,
  after_id bigint not null,
  last_id bigint not null,
  size integer not null,
  -- the window holds more than this page
  more boolean not null,
  created_at timestamptz not null default clock_timestamp()
) partition by range (created_at);
create table ${schema}.batch_default partition of ${schema}.batch default;
create index batch_of_trigger on ${schema}.batch (trigger_id, id);

-- Every event of the batch was delivered, or waits as a retry, or is a dead letter.
create table ${schema}.batch_done (
  trigger_id integer not null,
  batch_id bigint not null,
  claim uuid not null,
  created_at timestamptz not null default clock_timestamp()
) partition by range (created_at);
create table ${schema}.batch_done_default partition of ${schema}.batch_done default;
create index batch_done_of_batch on ${schema}.batch_done (trigger_id, batch_id);

-- Who is alive. One lease covers all that a dispatcher holds, so that a heartbeat is one small update.
create table ${schema}.dispatcher (
  id uuid primary key,
  application text not null,
  lease_until timestamptz not null,
  -- no batch below it is still open here
  open_from bigint not null default 0,
  -- it left in good order: what it hands back is not suspected of having killed it
  released boolean not null default false,
  -- the triggers that its release defines: no other release takes them off while it lives
  declares text[] not null default '{}',
  started_at timestamptz not null default clock_timestamp()
) with (fillfactor = 50);

-- Which dispatcher an exclusive stream belongs to. Written when it changes hands, not when it is worked on.
create table ${schema}.stream_owner (
  trigger_id integer primary key,
  dispatcher uuid not null,
  -- nothing of it is open in another name
  settled boolean not null
) with (fillfactor = 50);

create table ${schema}.attempt (
  trigger_id integer not null,
  -- A number may be issued again after a crash; the attempts at an event are those made since it was captured.
  event_id bigint not null,
  -- of the batch, or all zeros for a retry; null for an attempt whose batch a crash of Postgres forgot
  claim uuid,
  number smallint not null,
  outcome ${schema}.outcome not null,
  status smallint,
  duration_ms real not null,
  error_code text,
  error_message text,
  -- Null also where they are those of a later attempt at an event of the same batch, whose number is beside them:
  -- one receiver mostly answers with the same headers, and they would be a fifth of all that is written per event.
  response_headers text,
  headers_of bigint,
  response_body text,
  -- when it ended
  created_at timestamptz not null default clock_timestamp()
) partition by range (created_at);
create table ${schema}.attempt_default partition of ${schema}.attempt default;
create index attempt_of_event on ${schema}.attempt (event_id);
-- The same for readers, with the headers of each.
create view ${schema}.delivery_attempt as
select t.trigger_id, t.event_id, t.claim, t.number, t.outcome, t.status, t.duration_ms, t.error_code, t.error_message,
       coalesce(t.response_headers, (
         select l.response_headers
           from ${schema}.attempt l
          where l.event_id = t.headers_of
            and l.claim = t.claim
            and l.response_headers is not null
            -- An event that was taken over from a dispatcher that hung may have been attempted twice: the next one is meant.
            and l.created_at >= t.created_at
          order by l.created_at
          limit 1)) as response_headers,
       t.response_body, t.created_at
  from ${schema}.attempt t;

-- Attempts of one dispatcher within some seconds, counted: the attempt log has no order of time to count by.
create table ${schema}.tally (
  trigger_id integer not null,
  delivered integer not null,
  failed integer not null,
  -- how long they took: places of a scale, and how many lie there
  places smallint[] not null,
  counts integer[] not null,
  created_at timestamptz not null default clock_timestamp()
) partition by range (created_at);
create table ${schema}.tally_default partition of ${schema}.tally default;
create index tally_by_time on ${schema}.tally (created_at);

-- Failures only. They carry their payload, so that the log can be dropped beneath them.
create table ${schema}.retry (
  trigger_id integer not null,
  event_id bigint not null,
  operation ${schema}.operation not null,
  key text,
  key_before text,
  old json,
  new json,
  session text,
  trace text,
  created_at timestamptz not null,
  attempts smallint not null,
  -- infinity: it waits for an earlier one of its key
  due timestamptz not null,
  -- whether it has to wait for earlier ones of its key
  ordered boolean not null default false,
  -- whether it is sent again because somebody asked for it
  redelivered boolean not null default false,
  -- who is at it; null while it waits
  dispatcher uuid,
  -- leases that ran out with this event in hand: one that kills its process must not kill every replica
  lost smallint not null default 0,
  primary key (trigger_id, event_id, created_at)
) with (fillfactor = 60, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);
create index retry_due on ${schema}.retry (trigger_id, due) where dispatcher is null;
create index retry_suspect on ${schema}.retry (trigger_id, due) where dispatcher is null and lost >= 2;
create index retry_of_dispatcher on ${schema}.retry (dispatcher) where dispatcher is not null;
create index retry_of_key on ${schema}.retry (trigger_id, key, event_id) where ordered;
create index retry_of_key_before on ${schema}.retry (trigger_id, key_before, event_id)
 where ordered
   and key_before is not null;

create table ${schema}.dead_letter (
  trigger_id integer not null,
  event_id bigint not null,
  operation ${schema}.operation not null,
  key text,
  key_before text,
  old json,
  new json,
  session text,
  trace text,
  created_at timestamptz not null,
  attempts smallint not null,
  reason text not null,
  -- of the last attempt
  error_code text,
  error_message text,
  -- later ones of its key wait until somebody decides about it
  holds_key boolean not null default false,
  died_at timestamptz not null default clock_timestamp(),
  primary key (trigger_id, event_id, created_at)
);
-- Events that somebody gave up while they waited.
create table ${schema}.cancellation (
  trigger_id integer not null,
  event_id bigint not null,
  created_at timestamptz not null,
  cancelled_at timestamptz not null default clock_timestamp(),
  primary key (trigger_id, event_id, created_at)
);
create index dead_letter_holding_key on ${schema}.dead_letter (trigger_id, key) where holds_key;
create index dead_letter_holding_key_before on ${schema}.dead_letter (trigger_id, key_before)
 where holds_key
   and key_before is not null;
`;
