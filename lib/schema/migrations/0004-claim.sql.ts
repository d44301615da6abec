import { quoteLiteral } from '../identifier.js';
import type { MigrationContext } from '../migration.js';
import { keyOrder } from './0004-key-order.sql.js';
import { streamOwner } from './0004-stream-owner.sql.js';
import { ENGINE_SETTINGS } from './engine-settings.js';

/** Those whose numbers were issued after the window had begun. */
const present = (schema: string, columns: string, upTo?: string): string => `
      (select ${columns}
         from ${schema}.event e
        where e.trigger_id = of_trigger
          and e.id > greatest(after_number, a.lo)
          and e.id <= ${upTo === undefined ? 'b.hi' : `least(${upTo}, b.hi)`}
          and pg_visible_in_snapshot(e.xid, b.snapshot)
          and not pg_visible_in_snapshot(e.xid, a.snapshot)
        order by e.id
        limit most)`;

/** Those that were running when the window began. */
const late = (schema: string, columns: string, upTo?: string): string => `
      (select late.*
         from unnest(finished) x
        cross join lateral (
              select ${columns}
                from ${schema}.event e
               where e.xid = x
                 and e.trigger_id = of_trigger
                 and e.id > after_number
                 and e.id <= ${upTo === undefined ? 'a.lo' : `least(${upTo}, a.lo)`}
               order by e.id
               limit most) late)`;

/**
 * The events of a window after a number, at most `most`, in the order of numbers. Variables in sight:
 * of_trigger, after_number, most, and what `loadWindow` has set.
 *
 * Two arms, both walks along an index; they part at the lower bound, so no event is in both. Visibility
 * goes through a function instead of a comparison of xid, so that (trigger_id, id) is the only index the
 * planner can see for the first arm.
 *
 * @param upTo a number above which nothing is wanted
 */
export const windowEvents = (schema: string, columns: string, upTo?: string): string => `
      ${present(schema, columns, upTo)}
      union all
      ${late(schema, columns, upTo)}
      order by id
      limit most`;

/**
 * A statement over `windowEvents`, in two variants: the second arm is nearly always empty, and setting it up takes a
 * scan of each partition.
 *
 * @param statement makes it of the query for the columns that it is given
 */
export const overWindow = (
  schema: string,
  statement: (events: (columns: string) => string) => string,
  upTo?: string,
): string => `
    if finished is null then
      ${statement((columns) => present(schema, columns, upTo))}
    else
      ${statement((columns) => windowEvents(schema, columns, upTo))}
    end if;`;

/** Sets a, b and finished, the ends of the window (from_tick, to_tick]. */
export const loadWindow = (schema: string): string => `
    select t.id, t.snapshot, t.lo into a from ${schema}.tick t where t.id = from_tick;
    if not found then
      raise exception 'the tick % that trigger % stands at is missing', from_tick, of_trigger
        using errcode = 'ET003', detail = of_trigger, hint = 'Rows of the table tick were deleted by hand: restore them.';
    end if;
    select t.id, t.snapshot, t.hi into b from ${schema}.tick t where t.id = to_tick;
    if not found then
      raise exception 'the tick % that trigger % stands at is missing', to_tick, of_trigger
        using errcode = 'ET003', detail = of_trigger, hint = 'Rows of the table tick were deleted by hand: restore them.';
    end if;
    -- those that were running when the window began and had ended when it was closed
    finished := null;
    if after_number < a.lo then
      select array_agg(x) into finished
        from pg_snapshot_xip(a.snapshot) x
       where pg_visible_in_snapshot(x, b.snapshot);
    end if;`;

/** The columns of `claimed` that describe an event. */
export const EVENT_COLUMNS =
  'e.id, e.operation, e.key, e.key_before, e.old, e.new, e.session, e.trace, e.created_at::text';

/** Whether an event `e` of the ordered trigger `of_trigger` waits for a retry of its key. */
export const isBehind = (schema: string): string =>
  `e.key is not null and ${schema}.is_behind_v1(of_trigger, e.id, array[e.key, e.key_before])`;

/** Whether somebody has given up an event `e` of the trigger `of_trigger`. */
export const isCancelled = (schema: string): string => `exists (
         select from ${schema}.cancellation x
          where x.trigger_id = of_trigger
            and x.event_id = e.id
            and x.created_at = e.created_at)`;

/** The same of a row that carries none. */
export const noEventColumns = (schema: string): string =>
  `null::bigint, null::${schema}.operation, null::text, null::text, null::json, null::json, null::text, null::text, null::text`;

/** What dispatchers read, all in one row type, because one call brings it all. */
const rowType = ({ schema }: MigrationContext): string => `
create type ${schema}.claimed as (
  -- a 'batch' and then its 'event's, or 'parked' for one that waits for a retry of its key; 'again' for a stream
  -- that has to be asked again, 'elsewhere' for one that is another dispatcher's for a while; 'retry', 'redelivery'
  -- for one that is sent again by hand, or 'behind' for one that waits for another of one of its keys; 'cycle'
  kind text,
  trigger_id integer,
  batch_id bigint,
  event_id bigint,
  operation ${schema}.operation,
  key text,
  key_before text,
  old json,
  new json,
  session text,
  trace text,
  created_at text,
  -- of an event: attempts made before; of a batch: how often it was leased
  attempts integer,
  claim uuid
);
`;

/** As stored: a compressed image counts for less than it will take in memory. */
const SIZES = `e.id, coalesce(pg_column_size(e.old), 0) + coalesce(pg_column_size(e.new), 0) as bytes`;

/**
 * The next page of a stream becomes a batch of this dispatcher. Returns the batch, whose events
 * `cycle_v1` reads; its size is 0 where there is nothing.
 *
 * READ COMMITTED and volatile: the cursor is read by the statement after the one that took the lock, so it
 * is the one the previous holder left. The lock is let go after the transaction has left the list of
 * running ones, so the next holder sees what this one wrote, also with an asynchronous commit. Runs under
 * the settings of `cycle_v1`, which calls it.
 */
const claimPage = ({ schema, lockKey }: MigrationContext): string => `
create function ${schema}.claim_page_v1(
  me uuid, of_trigger integer, newest bigint, most integer, most_bytes bigint,
  out batch_id bigint, out batch_claim uuid, out from_tick bigint, out to_tick bigint,
  out after_number bigint, out last_number bigint, out size integer,
  -- whether the stream has to be asked again: it holds more, or somebody else was claiming
  out again boolean,
  -- whether another dispatcher has work of it, and it has to be left to that
  out elsewhere boolean,
  -- whether its events wait for earlier ones of their key
  out ordered boolean)
  language plpgsql
  volatile
as $$
#variable_conflict use_column
declare
  a record;
  b record;
  finished xid8[];
  bytes bigint;
  more boolean;
  newest_batch record;
  exclusive boolean;
begin
  size := 0;
  again := true;
  elsewhere := false;
  if not pg_try_advisory_xact_lock(${lockKey}, of_trigger) then
    return;
  end if;
  select t.exclusive, t.ordered into exclusive, ordered
    from ${schema}.event_trigger t
   where t.id = of_trigger;
  if exclusive and not ${schema}.own_stream_v1(me, of_trigger) then
    again := false;
    elsewhere := true;
    return;
  end if;
  select c.from_tick, c.to_tick, c.last_id, c.more into newest_batch
    from ${schema}.batch c
   where c.trigger_id = of_trigger
   order by c.id desc
   limit 1;
  if not found then
    raise exception 'trigger % has no cursor', of_trigger
      using errcode = 'ET003', detail = of_trigger, hint = 'Rows of the table batch were deleted by hand: restore them.';
  end if;
  from_tick := newest_batch.from_tick;
  to_tick := newest_batch.to_tick;
  after_number := newest_batch.last_id;
  loop
    if not newest_batch.more then
      from_tick := newest_batch.to_tick;
      to_tick := newest;
      after_number := 0;
    end if;
    if from_tick >= to_tick then
      again := false;
      return;
    end if;
${loadWindow(schema)}
    -- Numbers and sizes only: the rows themselves are copied once, on their way out.
${overWindow(
  schema,
  (events) => `select max(p.id), count(*), sum(p.bytes) into last_number, size, bytes
      from (${events(SIZES)}) p;`,
)}
    more := size = most;
    if bytes > most_bytes then
      more := true;
${overWindow(
  schema,
  (events) => `select max(m.id), count(*) into last_number, size
        from (
             select p.id, sum(p.bytes) over walk as bytes, row_number() over walk as place
               from (${events(SIZES)}) p
             window walk as (order by p.id)) m
       where m.bytes <= most_bytes
          or m.place = 1;`,
)}
    end if;
    -- The rest of an old window may be empty; a new one that is empty leaves no trace.
    exit when size > 0;
    if not newest_batch.more then
      again := false;
      return;
    end if;
    newest_batch.more := false;
  end loop;
  insert into ${schema}.batch (trigger_id, id, claim, dispatcher, from_tick, to_tick, after_id, last_id, size, more)
  values (of_trigger, nextval(${quoteLiteral(`${schema}.batch_id`)}), gen_random_uuid(), me, from_tick, to_tick, after_number, last_number, size, more)
  returning id, claim into batch_id, batch_claim;
  -- Behind the end of an old window lie younger ones, whose events may be no news any more.
  again := more or to_tick < newest;
end $$;
`;

/** Stands for the claim of attempts at retries, which belong to no batch. */
export const CLAIM_OF_RETRIES = `'00000000-0000-0000-0000-000000000000'::uuid`;

/**
 * What is still owed of a batch that somebody else held: its window once more, up to the last event that
 * was in it, less what is recorded. An attempt of any outcome counts, because a failure has become a retry
 * or a dead letter by the same transaction; but only one of this claim, because after a crash of Postgres the same
 * numbers may stand for other events. A success as a retry counts too: what was ever a retry is on the disk, and keeps
 * its number.
 */
const batchEvents = ({ schema }: MigrationContext): string => `
create function ${schema}.batch_events_v1(of_trigger integer, of_batch bigint, of_claim uuid)
  returns setof ${schema}.event
  language plpgsql
  stable
  rows 500
  ${ENGINE_SETTINGS}
as $$
#variable_conflict use_column
declare
  a record;
  b record;
  finished xid8[];
  from_tick bigint;
  to_tick bigint;
  after_number bigint;
  up_to bigint;
  most integer;
begin
  select c.from_tick, c.to_tick, c.after_id, c.last_id, c.size into from_tick, to_tick, after_number, up_to, most
    from ${schema}.batch c
   where c.trigger_id = of_trigger
     and c.id = of_batch
     and c.claim = of_claim;
  if not found or most = 0 then
    return;
  end if;
${loadWindow(schema)}
${overWindow(
  schema,
  (events) => `return query
  with page as materialized (${events('e.*')}
  )
  select e.*
    from page e
   where not exists (
         select from ${schema}.attempt t
          where t.event_id = e.id
            and t.claim = of_claim)
     -- what was parked became a retry without an attempt of this claim, and may have gone as one since
     and not exists (
         select from ${schema}.attempt t
          where t.event_id = e.id
            and t.trigger_id = of_trigger
            and t.claim = ${CLAIM_OF_RETRIES}
            and t.outcome = 'delivered'
            -- and not another event that had this number before
            and t.created_at >= e.created_at)
     and not exists (
         select from ${schema}.retry r
          where r.trigger_id = of_trigger
            and r.event_id = e.id
            and r.created_at = e.created_at)
     and not exists (
         select from ${schema}.dead_letter l
          where l.trigger_id = of_trigger
            and l.event_id = e.id
            and l.created_at = e.created_at)
     and not ${isCancelled(schema)}
   order by e.id;`,
  'up_to',
)}
end $$;
`;

/**
 * For a statement that takes something in the name of `me`, in the same transaction.
 *
 * Whoever takes over from a dead dispatcher holds its row `for update`. So a late claim of the dead one
 * either is seen by the heir or fails here, and nothing is left in the name of somebody who is forgotten.
 * A heartbeat does not wait for this lock.
 */
export const assertAlive = (schema: string): string => `
    perform from ${schema}.dispatcher d
      where d.id = me
        and d.lease_until > clock_timestamp()
        for key share;
    if not found then
      raise exception 'the lease of dispatcher % has run out', me
        using errcode = 'ET005';
    end if;`;

export const claim = (context: MigrationContext): string =>
  rowType(context) +
  streamOwner(context) +
  keyOrder(context) +
  claimPage(context) +
  batchEvents(context);
