/** The tables that can be watched, without those of this package in schema $1. Partitions fire what their table has. */
export const SELECT_TABLES = `
select n.nspname::text as schema, c.relname::text as name
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n
    on n.oid = c.relnamespace
 where c.relkind in ('r', 'p')
   and c.relpersistence <> 't'
   and not c.relispartition
   and n.nspname not in ($1, 'pg_catalog', 'information_schema', 'pg_toast')
   and has_table_privilege(c.oid, 'select')
 order by n.nspname = 'public' desc, n.nspname, c.relname`;

/** The columns of table $2 of schema $1, in their order. */
export const SELECT_TABLE_COLUMNS = `
select a.attname::text as name, pg_catalog.format_type(a.atttypid, a.atttypmod) as type,
       coalesce(a.attnum = any (i.indkey::int2[]), false) as "isKey"
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n
    on n.oid = c.relnamespace
  join pg_catalog.pg_attribute a
    on a.attrelid = c.oid
   and a.attnum > 0
   and not a.attisdropped
  left join pg_catalog.pg_index i
    on i.indrelid = c.oid
   and i.indisprimary
 where n.nspname = $1
   and c.relname = $2
   and c.relkind in ('r', 'p')
 order by a.attnum`;
