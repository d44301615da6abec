import type { QuotedIdentifier } from '../../schema/identifier.js';

/** The statements that should be in force for number $1, name $2, definition $3; fails where it does not fit. */
export const selectStatements = (schema: QuotedIdentifier): string => `
select coalesce(array_agg(s.statement order by s.place), '{}') as statements
  from ${schema}.capture_statements_v1($1, $2, $3)
       with ordinality s (operation, kind, name, statement, place)`;

/**
 * The tables to lock before the triggers $1 change, with names $2 and definitions $3 from then on; a null
 * definition takes the trigger off. In one order for all, so that two who lock do not wait for each other.
 *
 * Creating a trigger needs a lock that writers wait for; dropping one a lock that readers wait for too.
 */
export const selectTables = (schema: QuotedIdentifier): string => `
select t.relation::regclass::text as name, array_agg(distinct t.relation::int8) as relations, bool_or(t.exclusive) as exclusive
  from unnest($1::integer[], $2::text[], $3::json[]) w (id, name, definition)
 cross join lateral (
       select a.relation, true as exclusive
         from ${schema}.attached_v1(w.id) a
        where w.definition is null
        union all
       select o.relation, true
         from ${schema}.obsolete_triggers_v1(w.id, w.name, w.definition) o
        where w.definition is not null
        union all
       select c.oid, false
         from pg_catalog.pg_class c
         join pg_catalog.pg_namespace n
           on n.oid = c.relnamespace
        where n.nspname = w.definition -> 'table' ->> 'schema'
          and c.relname = w.definition -> 'table' ->> 'name'
          and exists (select from ${schema}.capture_statements_v1(w.id, w.name, w.definition))) t
 group by t.relation
 order by t.relation`;

export const lockTable = (name: string, exclusive: boolean): string =>
  `lock table ${name} in ${exclusive ? 'access exclusive' : 'share row exclusive'} mode`;

/** Puts the stored definition $1 in force. */
export const install = (schema: QuotedIdentifier): string => `select ${schema}.install_v1($1)`;

/** Takes it out of force. */
export const uninstall = (schema: QuotedIdentifier): string => `select ${schema}.uninstall_v1($1)`;

/** What the conditions of the stored definition $1 raise on rows that are there. */
export const tryConditions = (schema: QuotedIdentifier): string =>
  `select operation, problem from ${schema}.try_conditions_v1($1)`;

/** What to know about table $2 of schema $1: whether it has partitions, and its columns that are not stored. */
export const SELECT_TABLE_TRAITS = `
select c.relkind = 'p' as "isPartitioned",
       array(
         select a.attname::text
           from pg_catalog.pg_attribute a
          where a.attrelid = c.oid
            and a.attgenerated = 'v'
            and not a.attisdropped
          order by a.attnum) as "virtualColumns"
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n
    on n.oid = c.relnamespace
 where n.nspname = $1
   and c.relname = $2`;

/**
 * Who holds a lock on one of the tables $1 or on a partition of them that ours has to wait for. Only a lock
 * that readers wait for too ($2) waits for readers.
 */
export const SELECT_LOCK_HOLDERS = `
select l.pid, a.usename as "user", a.state, left(a.query, 200) as query,
       extract(epoch from clock_timestamp() - a.xact_start)::integer as "ageSeconds"
  from pg_catalog.pg_locks l
  left join pg_catalog.pg_stat_activity a
    on a.pid = l.pid
 where l.locktype = 'relation'
   and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = current_database())
   and l.relation in (
       select coalesce(p.relid::oid, r.relation::oid)
         from unnest($1::int8[]) r (relation)
         left join lateral pg_catalog.pg_partition_tree(r.relation::oid::regclass) p on true)
   and l.granted
   and l.pid is distinct from pg_backend_pid()
   and ($2 or l.mode not in ('AccessShareLock', 'RowShareLock'))
 group by l.pid, a.usename, a.state, a.query, a.xact_start
 order by a.xact_start`;
