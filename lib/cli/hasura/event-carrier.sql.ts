import { quoteLiteral, type QuotedIdentifier } from '../../schema/identifier.js';

/** Hasura takes an event that was locked for longer from whoever has locked it. */
const LOCK_EXPIRES = `interval '30 minutes'`;

/** Events of Hasura that are neither delivered nor given up. No index but Hasura's own, which has this condition. */
const isOwed = (log: string): string => `not ${log}.delivered
     and not ${log}.error
     and not ${log}.archived`;

/** Whether Hasura has its log here, in a form that this can read. */
export const SELECT_LOG = `
select to_regclass('hdb_catalog.event_log') is not null as exists,
       exists (
         select from pg_attribute a
          where a.attrelid = to_regclass('hdb_catalog.event_log')
            and a.attname = 'locked'
            and a.atttypid = 'timestamptz'::regtype) as "isKnown"`;

/** How many events of triggers $1 wait in Hasura, and how many it has in hand. It takes no locks. */
export const COUNT_EVENTS = `
select n.name,
       count(l.id) filter (where l.locked is null or l.locked < now() - ${LOCK_EXPIRES})::integer as waiting,
       count(l.id) filter (where l.locked >= now() - ${LOCK_EXPIRES})::integer as "inHand"
  from unnest($1::text[]) with ordinality n (name, place)
  left join hdb_catalog.event_log l
    on l.trigger_name = n.name
   and ${isOwed('l')}
 group by n.name, n.place
 order by n.place`;

/** What carrying has to know of trigger $1 of application $2; no row where there is none. */
export const selectReceiving = (schema: QuotedIdentifier): string => `
select t.id, t.ordered as "keepsOrder",
       array(
         select upper(o)
           from unnest(array['insert', 'update', 'delete']) o
          where ${schema}.capture_rule_v1(t.definition, o) is not null) as operations,
       -- Since when changes are captured both here and by Hasura, whose triggers may have been disabled meanwhile.
       case when t.capture_paused_at is null
             and exists (
                 select from pg_trigger g
                  where g.tgrelid = c.oid
                    -- the cast cuts long names off, as creating them does
                    and g.tgname = any (array['notify_hasura_' || t.name || '_INSERT',
                                              'notify_hasura_' || t.name || '_UPDATE',
                                              'notify_hasura_' || t.name || '_DELETE']::name[]))
            then t.captures_since::text end as "capturedSince",
       array(
         select json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod))
           from (select d.name, d.place
                   from json_array_elements_text(t.definition -> 'orderingKey') with ordinality d (name, place)
                  union all
                 select p.attname, k.place
                   from pg_index i
                  cross join unnest(i.indkey::int2[]) with ordinality k (attribute, place)
                   join pg_attribute p
                     on p.attrelid = i.indrelid
                    and p.attnum = k.attribute
                  where t.definition -> 'orderingKey' is null
                    and i.indrelid = c.oid
                    and i.indisprimary) k
           join pg_attribute a
             on a.attrelid = c.oid
            and a.attname = k.name
          order by k.place) as "keyColumns"
  from ${schema}.event_trigger t
  left join pg_class c
    on c.oid = to_regclass(format('%I.%I', t.definition -> 'table' ->> 'schema', t.definition -> 'table' ->> 'name'))
 where t.name = $1
   and t.application = $2
   and t.removed_at is null`;

export interface KeyColumn {
  readonly name: string;
  /** As Postgres spells it. */
  readonly type: string;
}

/**
 * Carries up to $5 waiting events of Hasura's trigger $2 to trigger $1: they are in this log and archived in Hasura's, or
 * neither. Those of operations $4 that are in this log already, since $3, are only archived. Times in Hasura have no zone,
 * so that a time alone proves nothing: the log has to have the row too.
 *
 * It locks the rows in Hasura's log that it carries; what Hasura or another run has locked is passed over. Hasura knows no
 * order within a transaction: there the place of the row has to do.
 */
export const carryEvents = (
  schema: QuotedIdentifier,
  keyColumns: readonly KeyColumn[],
  keepsOrder: boolean,
): string => `
-- without the payloads, since all that waits is sorted
with chosen as materialized (
  select l.id, l.ctid as place, l.created_at
    from hdb_catalog.event_log l
   where l.trigger_name = $2
     and ${isOwed('l')}
     and (l.locked is null or l.locked < now() - ${LOCK_EXPIRES})
   order by l.created_at, l.ctid
   limit $5
     for update skip locked
),
waiting as materialized (
  select c.id, c.place, c.created_at,
         l.payload ->> 'op' as operation,
         nullif(l.payload -> 'data' -> 'old', 'null') as old,
         nullif(l.payload -> 'data' -> 'new', 'null') as new,
         l.payload ->> 'session_variables' as session,
         l.payload ->> 'trace_context' as trace
    from chosen c
    join hdb_catalog.event_log l
      on l.id = c.id
),
archived as (
  update hdb_catalog.event_log l
     set archived = true
    from chosen c
   where l.id = c.id
),
captured as (
  select distinct e.operation::text as operation, e.key
    from ${schema}.event e
   where e.trigger_id = $1
     and e.created_at >= $3::timestamptz
     and e.operation::text = any ($4::text[])
     and e.key is not null
),
keyed as materialized (
  select w.*,
         case when w.operation <> 'MANUAL' then ${keyOf('coalesce(w.new, w.old)', keyColumns)} end as key,
         ${keepsOrder ? `case when w.operation = 'UPDATE' then ${keyOf('w.old', keyColumns)} end` : 'null::text'} as key_of_old
    from waiting w
),
carried as (
  insert into ${schema}.event (trigger_id, operation, key, key_before, old, new, session, trace, created_at)
  select $1::integer, k.operation::${schema}.operation, k.key, nullif(k.key_of_old, k.key),
         k.old::json, k.new::json, k.session, k.trace,
         -- Attempts at an event are those made since it was captured. What this log lacks was written before it captured.
         least(k.created_at::timestamptz, clock_timestamp(),
               case when k.operation = any ($4::text[]) then $3::timestamptz - interval '1 microsecond' end)
    from keyed k
   where not exists (
         select from captured c
          where c.operation = k.operation
            and c.key = k.key
            and k.created_at::timestamptz >= $3::timestamptz)
   order by k.created_at, k.place
  returning id
)
select (select count(*) from chosen)::integer as seen,
       (select count(*) from carried)::integer as carried`;

/** Wakes dispatchers that sleep, as a change that is captured does. */
export const wakeDispatchers = (schema: QuotedIdentifier): string => `
select ${schema}.wake_v1()
 where pg_sequence_last_value(${quoteLiteral(`${schema}.awake_until`)}::regclass) < date_part('epoch', clock_timestamp())`;

/** The key of a row that is JSON, as capture writes it down; null where a part of it did not leave in the payload. */
function keyOf(row: string, columns: readonly KeyColumn[]): string {
  const parts = columns.map(
    ({ name, type }) => `(${row} ->> ${quoteLiteral(name)})::${type}::text`,
  );
  const [first, ...others] = parts;
  if (first === undefined) return 'null';
  if (others.length === 0) return first;
  return `case when num_nulls(${parts.join(', ')}) = 0 then json_build_array(${parts.join(', ')})::text end`;
}
