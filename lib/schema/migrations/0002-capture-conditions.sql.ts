import { MAX_IDENTIFIER_BYTES, quoteLiteral } from '../identifier.js';
import type { MigrationContext } from '../migration.js';

/** The SQLSTATE of a definition that does not fit the database; `TriggerReconciler` knows it. */
export const INVALID_TRIGGER = 'ET101';

/** What is left of a long name in its trigger's, so that a person still recognises it. */
const LETTERS_KEPT = 20;

const OWN_NAME = (schema: string): string => schema.slice(1, -1).replaceAll('""', '"');

/** The parts that `capture_statements_v1` is put together from. */
export const captureConditions = ({ schema }: MigrationContext): string => `
-- '!' sorts before digits, letters and the RI_ of foreign keys, and triggers fire in the order of their
-- names: a change that another trigger makes to the same row is captured after the one that caused it.
create function ${schema}.capture_name_v1(trigger_name text, operation text)
  returns text
  language sql
  immutable
  set search_path = pg_catalog, pg_temp
as $$
  select case when octet_length(complete) <= ${MAX_IDENTIFIER_BYTES} then complete
         else format('!event_triggers:%s~%s:%s', left(trigger_name, ${LETTERS_KEPT}), left(md5(complete), 16), operation) end
    from (select format('!%s:%s:%s', ${quoteLiteral(OWN_NAME(schema))}, trigger_name, operation) as complete) n;
$$;

-- The table to watch; raises where it cannot be watched.
create function ${schema}.capture_target_v1(trigger_name text, table_schema text, table_name text)
  returns oid
  language plpgsql
  stable
  set search_path = pg_catalog, pg_temp
as $$
declare
  target record;
  elsewhere text;
  problem text;
begin
  select c.oid, c.relkind, c.relpersistence, c.relnamespace into target
    from pg_class c
    join pg_namespace n
      on n.oid = c.relnamespace
   where n.nspname = table_schema
     and c.relname = table_name;
  if not found then
    select string_agg(format('%I.%I', n.nspname, c.relname), ', ' order by n.nspname, c.relname) into elsewhere
      from pg_class c
      join pg_namespace n
        on n.oid = c.relnamespace
     where c.relkind in ('r', 'p')
       and n.nspname not like 'pg\\_%'
       and lower(c.relname) = lower((regexp_match(table_name, '[^.]*$'))[1]);
    raise exception 'event trigger "%": the table %.% does not exist', trigger_name, quote_ident(table_schema), quote_ident(table_name)
      using errcode = '${INVALID_TRIGGER}',
            hint = coalesce('There is ' || elsewhere || '. Give schema and name as { schema, name }.',
              'Create it before the application starts, for example in a migration.');
  end if;
  problem := case
    when target.relkind in ('v', 'm') then 'is a view: watch the tables that it reads'
    when target.relkind = 'f' then 'is a foreign table: what others write to it would not be seen'
    when target.relkind not in ('r', 'p') then 'is not a table'
    when target.relpersistence = 't' then 'is a temporary table'
    when target.relnamespace = ${quoteLiteral(schema)}::regnamespace then 'belongs to event triggers themselves'
    when table_schema in ('pg_catalog', 'information_schema', 'pg_toast') then 'belongs to Postgres itself' end;
  if problem is not null then
    raise exception 'event trigger "%": %.% %', trigger_name, quote_ident(table_schema), quote_ident(table_name), problem
      using errcode = '${INVALID_TRIGGER}';
  end if;
  return target.oid;
end $$;

-- These columns as text, or without any the primary key, for a row called r; null where there is none.
create function ${schema}.key_expression_v1(target oid, columns text[])
  returns text
  language sql
  stable
  set search_path = pg_catalog, pg_temp
  set quote_all_identifiers = off
as $$
  select case count(*)
         when 0 then null
         when 1 then min(format('(r).%I::pg_catalog.text', a.attname))
         else format('pg_catalog.json_build_array(%s)::pg_catalog.text',
                string_agg(format('(r).%I::pg_catalog.text', a.attname), ', ' order by k.place)) end
    from (select c.name::text, c.place
            from unnest(columns) with ordinality c (name, place)
           union all
          select a.attname, k.place
            from pg_index i
           cross join unnest(i.indkey::int2[]) with ordinality k (attribute, place)
            join pg_attribute a
              on a.attrelid = i.indrelid
             and a.attnum = k.attribute
           where columns is null
             and i.indrelid = target
             and i.indisprimary) k
    join pg_attribute a
      on a.attrelid = target
     and a.attname = k.name
     and a.attnum > 0
     and not a.attisdropped;
$$;

-- Whether "is distinct from" can compare values of a type without ever failing.
create function ${schema}.is_comparable_v1(type oid)
  returns boolean
  language plpgsql
  stable
  set search_path = pg_catalog, pg_temp
as $$
declare
  t record;
begin
  select y.typtype, y.typbasetype, y.typelem, y.typsubscript, y.typnamespace into t
    from pg_type y
   where y.oid = type;
  if t.typsubscript = 'array_subscript_handler'::regproc and t.typelem <> 0 then
    return ${schema}.is_comparable_v1(t.typelem);
  end if;
  return case t.typtype
    when 'd' then ${schema}.is_comparable_v1(t.typbasetype)
    when 'e' then true
    when 'r' then (select ${schema}.is_comparable_v1(r.rngsubtype) from pg_range r where r.rngtypid = type)
    when 'm' then (select ${schema}.is_comparable_v1(r.rngsubtype) from pg_range r where r.rngmultitypid = type)
    -- A composite type can be given a field of type json while a trigger compares it.
    when 'c' then false
    -- The operator of an extension's type is not on the search path, and may be dropped with it.
    else t.typnamespace = 'pg_catalog'::regnamespace and exists (
      select from pg_opclass o
       where o.opcdefault
         and o.opcmethod in (select m.oid from pg_am m where m.amname in ('btree', 'hash'))
         and (o.opcintype = type or exists (
             select from pg_cast c
              where c.castsource = type
                and c.casttarget = o.opcintype
                and c.castmethod = 'b'
                and c.castcontext = 'i'))) end;
end $$;

-- Raises for the first of these columns that the table does not have; null stands for none.
create function ${schema}.require_columns_v1(trigger_name text, target oid, columns json)
  returns void
  language plpgsql
  stable
  set search_path = pg_catalog, pg_temp
as $$
declare
  existing name[] := array(
    select a.attname
      from pg_attribute a
     where a.attrelid = target
       and a.attnum > 0
       and not a.attisdropped
     order by a.attnum);
  missing text;
begin
  select c into missing
    from json_array_elements_text(columns) c
   where c <> all (existing)
   limit 1;
  if found then
    raise exception 'event trigger "%": the table % has no column "%"', trigger_name, target::regclass, missing
      using errcode = '${INVALID_TRIGGER}',
            hint = 'Its columns are ' || array_to_string(existing, ', ') || '.';
  end if;
end $$;

-- What has to be true of a change: '' for any, null where all that it listens to is gone.
create function ${schema}.capture_condition_v1(trigger_name text, target oid, operation text, spec json)
  returns text
  language plpgsql
  stable
  set search_path = pg_catalog, pg_temp
  set quote_all_identifiers = off
as $$
declare
  parts text[] := '{}';
  listened text;
  type oid;
begin
  if operation = 'update' and not coalesce((spec ->> 'unchanged')::boolean, false) then
    if spec -> 'columns' is null then
      parts := array['old.* operator(pg_catalog.*<>) new.*'];
    else
      for listened in select json_array_elements_text(spec -> 'columns') loop
        select a.atttypid into type
          from pg_attribute a
         where a.attrelid = target
           and a.attname = listened
           and a.attnum > 0
           and not a.attisdropped;
        if found then
          parts := parts || format(
            case when ${schema}.is_comparable_v1(type) then 'old.%1$I is distinct from new.%1$I'
                 else 'old.%1$I::pg_catalog.text is distinct from new.%1$I::pg_catalog.text' end, listened);
        else
          raise warning 'event trigger "%": update no longer listens to the column "%", which does not exist', trigger_name, listened;
        end if;
      end loop;
      if parts = '{}' then
        raise warning 'event trigger "%": update is not captured, since no column is left that it listens to', trigger_name;
        return null;
      end if;
    end if;
    parts := array['(' || array_to_string(parts, e'\\n   or ') || ')'];
  end if;
  -- The newline ends a comment that the condition may end with.
  return array_to_string(array_append(parts, '(' || nullif(spec ->> 'when', '') || e'\\n)'), e'\\n  and ');
end $$;
`;
