import { quoteLiteral } from '../identifier.js';
import type { MigrationContext } from '../migration.js';
import { CLAIM_OF_RETRIES } from './0004-claim.sql.js';
import { ENGINE_SETTINGS } from './engine-settings.js';

/** The columns that each stored copy of an event has, of a row called `alias`; its number is called `number`. */
export const eventColumns = (alias: string, number = 'event_id'): string =>
  [
    'trigger_id',
    number,
    'operation',
    'key',
    'key_before',
    'old',
    'new',
    'session',
    'trace',
    'created_at',
  ]
    .map((column) => (alias === '' ? column : `${alias}.${column}`))
    .join(', ');

/** For an insert. */
export const EVENT_COLUMNS = eventColumns('');
const OF_LOG = eventColumns('e', 'id');
const OF_RETRY = eventColumns('r');
const OF_DEAD = eventColumns('d');

/** Whether a dead letter of the trigger `id` holds up later events of its key. */
export const holdsKey = (schema: string, id: string): string => `coalesce((
           select t.ordered and t.definition ->> 'whenExhausted' = 'hold-key'
             from ${schema}.event_trigger t
            where t.id = ${id}), false)`;

/** Whether a retry of the trigger `id` with the key `key` waits for earlier ones of its key. */
export const isOrdered = (schema: string, id: string, key: string): string => `coalesce((
           select t.ordered and ${key} is not null
             from ${schema}.event_trigger t
            where t.id = ${id}), false)`;

/** What there is to record, as parameters. */
export const recordParameters = (schema: string): string => `
  batch_triggers integer[], batch_ids bigint[], batch_claims uuid[],
  -- whether nothing of it is open any more; null where it was let go of
  batch_done boolean[],
  -- repeated after a lost connection: what is there already is not written twice
  repeated boolean,
  batches integer[], events bigint[], statuses smallint[], durations real[],
  -- milliseconds since the attempt ended
  ages real[],
  -- Places in texts: answers of one receiver mostly have the same headers, and often the same body.
  headers integer[], bodies integer[], texts text[],
  -- the event whose attempt has the same headers and keeps them for both; null where an attempt keeps its own
  keepers bigint[],
  -- Empty where all are first attempts that got through, as nearly always: half of the columns cost nothing then.
  outcomes ${schema}.outcome[], triggers integer[], created timestamptz[], numbers smallint[],
  codes text[], messages text[],
  -- milliseconds until the next attempt
  delays real[],
  reasons text[],
  -- events that were not attempted: they wait for an earlier one of their key, or for their trigger to be resumed
  parked boolean[],
  -- keys of ordered triggers of which a retry has gone or has come
  advanced_triggers integer[], advanced_keys text[]`;

/** The same, handed on. */
export const RECORD_ARGUMENTS = `batch_triggers, batch_ids, batch_claims, batch_done, repeated,
      batches, events, statuses, durations, ages, headers, bodies, texts, keepers,
      outcomes, triggers, created, numbers, codes, messages, delays, reasons, parked, advanced_triggers, advanced_keys`;

/** The attempts as rows, with what was left out filled in. */
const given = `(
         select f.batch, coalesce(batch_triggers[f.batch], f.trigger_id) as trigger_id, f.event_id,
                coalesce(f.number, 1::smallint) as number, coalesce(f.outcome, 'delivered') as outcome,
                f.status, f.duration, f.code, f.message, texts[f.headers] as headers, f.keeper, texts[f.body] as body, f.age
           from unnest(batches, events, statuses, durations, headers, keepers, bodies, ages, outcomes, triggers, numbers, codes, messages, parked)
                f (batch, event_id, status, duration, headers, keeper, body, age, outcome, trigger_id, number, code, message, parked)
          where f.parked is not true)`;

/**
 * Writes down what came of attempts, and closes batches, in one statement's worth of work.
 *
 * Batches come as parallel arrays, attempts as parallel arrays that point into them (0: the event was a
 * retry). A batch counts only if its claim still stands: after a crash of Postgres its number may belong
 * to other events. The attempt itself is a fact and is kept in any case; that it failed counts only from the
 * one who holds the event, because whoever holds it now is going to attempt it, and may have done so.
 */
export const record = ({ schema }: MigrationContext): string => `
create function ${schema}.record_v1(
  me uuid,
${recordParameters(schema)})
  returns void
  language plpgsql
  volatile
  ${ENGINE_SETTINGS}
as $$
#variable_conflict use_column
declare
  standing uuid[];
  -- whether the batch is this dispatcher's
  held boolean[];
  now_ timestamptz := clock_timestamp();
begin
  -- A call whose connection broke may still be at work, on the group that is being repeated here ...
  perform pg_advisory_xact_lock(hashtextextended(${quoteLiteral(schema)}, events[1]));
  -- ... or come late: by then the group was repeated under another name.
  if not repeated and not exists (
    select from ${schema}.dispatcher d
     where d.id = me
       and d.lease_until > now_)
  then
    raise exception 'the lease of dispatcher % has run out', me
      using errcode = 'ET005';
  end if;
  if cardinality(triggers) > 0 then
    -- Whoever takes over holds this row: whose a batch is does not change before what failed of it is written.
    perform from ${schema}.dispatcher d where d.id = me for key share;
  end if;
  select array_agg(c.claim order by g.place),
         array_agg(coalesce(c.dispatcher = me and g.done is not null, false) order by g.place)
    into standing, held
    from unnest(batch_triggers, batch_ids, batch_claims, batch_done)
         with ordinality g (trigger_id, id, claim, done, place)
    left join lateral (
         select b.claim, b.dispatcher
           from ${schema}.batch b
          where b.trigger_id = g.trigger_id
            and b.id = g.id
            and b.claim = g.claim
          limit 1) c on true;

  if repeated then
    if exists (select from ${given} f) and not exists (
      select from ${given} f
       where not exists (
             select from ${schema}.attempt t
              where t.event_id = f.event_id
                and t.trigger_id = f.trigger_id
                and (t.claim is not distinct from case when f.batch = 0 then ${CLAIM_OF_RETRIES} else standing[f.batch] end
                  or t.claim is null and not held[f.batch])
                and t.number = f.number
                and t.duration_ms = f.duration))
    then
      -- All of a group is written by one transaction. A retry that it left may be under way again.
      return;
    end if;
  end if;

  insert into ${schema}.attempt (
         trigger_id, event_id, claim, number, outcome, status, duration_ms,
         error_code, error_message, response_headers, headers_of, response_body, created_at)
  select f.trigger_id, f.event_id,
         -- a claim of it says that nothing is owed any more
         case when f.batch = 0 then ${CLAIM_OF_RETRIES}
              when f.outcome = 'delivered' or held[f.batch] then standing[f.batch] end, f.number, f.outcome, f.status, f.duration,
         f.code, f.message,
         case when f.keeper is null or held[f.batch] is not true then f.headers end,
         -- by batch and event it is found only where both are sure
         case when held[f.batch] then f.keeper end,
         f.body, now_ - f.age * interval '1 millisecond'
    from ${given} f;

  if cardinality(triggers) > 0 then
    ${failures(schema)}
  end if;

  insert into ${schema}.batch_done (trigger_id, batch_id, claim)
  select g.trigger_id, g.id, g.claim
    from unnest(batch_triggers, batch_ids, standing, batch_done, held) g (trigger_id, id, claim, done, held)
   where g.done
     and g.held;
end $$;
`;

/** Only when there is anything but first attempts that got through. */
function failures(schema: string): string {
  const failed = `unnest(batches, triggers, events, created, outcomes, delays, reasons, codes, messages, parked)
           f (batch, trigger_id, event_id, created_at, outcome, delay, reason, code, message, parked)`;
  const logged = `
           select e.*
             from ${schema}.event e
            where e.trigger_id = f.trigger_id
              and e.id = f.event_id
              and e.created_at = f.created_at
            limit 1`;
  return `-- Unlike a success, what is written here must not be forgotten by a crash once a dispatcher counts on it: its
    -- batch may outlive the crash in the dispatcher's hands, and would be closed without the retry.
    perform set_config('synchronous_commit', 'on', true);
    -- fresh events that failed
    insert into ${schema}.retry (${EVENT_COLUMNS}, attempts, due, ordered)
    select ${OF_LOG}, case when f.parked then 0 else 1 end,
           case when f.parked is not true then now_ + f.delay * interval '1 millisecond'
                when ${isOrdered(schema, 'e.trigger_id', 'e.key')} then 'infinity'
                else now_ end,
           ${isOrdered(schema, 'e.trigger_id', 'e.key')}
      from ${failed}
     cross join lateral (${logged}) e
     where f.batch > 0
       and (f.outcome = 'retry' or f.parked)
       and held[f.batch]
    on conflict do nothing;
    insert into ${schema}.dead_letter (${EVENT_COLUMNS}, attempts, reason, error_code, error_message, holds_key)
    select ${OF_LOG}, 1, f.reason, f.code, f.message, ${holdsKey(schema, 'e.trigger_id')}
      from ${failed}
     cross join lateral (${logged}) e
     where f.batch > 0
       and f.outcome = 'dead'
       and held[f.batch]
    on conflict do nothing;

    -- In one order for all, so that who records and who takes over do not wait for each other.
    perform from ${schema}.retry r
      join ${failed}
        on r.trigger_id = f.trigger_id
       and r.event_id = f.event_id
       and r.created_at = f.created_at
     where f.batch = 0
     order by r.trigger_id, r.event_id, r.created_at
       for update of r;
    -- Retries, by the same rule.
    delete from ${schema}.retry r
     using ${failed}
     where f.batch = 0
       and f.outcome = 'delivered'
       and r.trigger_id = f.trigger_id
       and r.event_id = f.event_id
       and r.created_at = f.created_at;
    -- Whose it is is asked in words that no index answers: else all that is in hand would be walked over for each.
    update ${schema}.retry r
       set attempts = r.attempts + 1,
           due = now_ + f.delay * interval '1 millisecond',
           dispatcher = null,
           lost = 0
      from ${failed}
     where f.batch = 0
       and f.outcome = 'retry'
       and r.trigger_id = f.trigger_id
       and r.event_id = f.event_id
       and r.created_at = f.created_at
       and r.dispatcher is not distinct from me;
    with dead as (
      delete from ${schema}.retry r
       using ${failed}
       where f.batch = 0
         and f.outcome = 'dead'
         and r.trigger_id = f.trigger_id
         and r.event_id = f.event_id
         and r.created_at = f.created_at
         and r.dispatcher is not distinct from me
      returning ${OF_RETRY}, r.attempts, f.reason, f.code, f.message
    )
    insert into ${schema}.dead_letter (${EVENT_COLUMNS}, attempts, reason, error_code, error_message, holds_key)
    select ${OF_DEAD}, d.attempts + 1, d.reason, d.code, d.message, ${holdsKey(schema, 'd.trigger_id')}
      from dead d
    on conflict do nothing;
    update ${schema}.retry r
       set dispatcher = null,
           due = case when r.ordered then 'infinity' else now_ end
      from ${failed}
     where f.batch = 0
       and f.parked
       and r.trigger_id = f.trigger_id
       and r.event_id = f.event_id
       and r.created_at = f.created_at
       and r.dispatcher is not distinct from me;
    if cardinality(advanced_keys) > 0 then
      perform ${schema}.advance_keys_v1(advanced_triggers, advanced_keys);
    end if;`;
}
