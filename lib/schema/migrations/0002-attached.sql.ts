import { quoteLiteral } from '../identifier.js';
import type { MigrationContext } from '../migration.js';

/** What is in force now, by the catalogs. */
export const attachedFunctions = ({ schema }: MigrationContext): string => `
-- The functions that were made for a trigger.
create function ${schema}.functions_of_v1(of_trigger integer)
  returns table (function oid, name text, declaration text)
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $$
  select p.oid, p.proname, format('%s.%I(%s)', ${quoteLiteral(schema)}, p.proname, pg_get_function_identity_arguments(p.oid))
    from pg_proc p
   where p.pronamespace = ${quoteLiteral(schema)}::regnamespace
     and p.proname in (
         'key_of_' || of_trigger,
         'capture_' || of_trigger || '_insert',
         'capture_' || of_trigger || '_update',
         'capture_' || of_trigger || '_delete',
         'capture_' || of_trigger || '_truncate');
$$;

-- The capture triggers that call them, without the copies that Postgres makes for partitions.
create function ${schema}.attached_v1(of_trigger integer)
  returns table (attached oid, relation oid, name text)
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $$
  select t.oid, t.tgrelid, t.tgname
    from pg_trigger t
    join ${schema}.functions_of_v1(of_trigger) f
      on f.function = t.tgfoid
   where t.tgparentid = 0;
$$;

-- A fingerprint of all of it; null where nothing is attached. It survives renamed tables and columns.
create function ${schema}.capture_state_v1(of_trigger integer)
  returns text
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $$
  select md5(string_agg(part, e'\\n' order by part))
    from (select concat_ws(' ', p.proname, p.prosecdef, p.proconfig::text, md5(p.prosrc), md5(p.prosqlbody::text)) as part
            from ${schema}.functions_of_v1(of_trigger) f
            join pg_proc p
              on p.oid = f.function
           union all
          select concat_ws(' ', t.tgname, t.tgrelid, t.tgenabled, t.tgtype, md5(t.tgqual::text), t.tgattr::text,
                 -- a partition on which the trigger was switched off
                 exists (select from pg_trigger copy where copy.tgparentid = t.oid and copy.tgenabled <> t.tgenabled))
            from ${schema}.attached_v1(of_trigger) a
            join pg_trigger t
              on t.oid = a.attached) parts;
$$;

-- Whether it is still in force as it was put there, on the table that bears the name of its definition.
create function ${schema}.is_intact_v1(of_trigger integer)
  returns boolean
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $$
  select t.installed_state is not distinct from ${schema}.capture_state_v1(t.id)
     and (t.installed is null or t.installed_on is not distinct from (
           select c.oid
             from pg_class c
             join pg_namespace n
               on n.oid = c.relnamespace
            where n.nspname = t.definition -> 'table' ->> 'schema'
              and c.relname = t.definition -> 'table' ->> 'name'))
    from ${schema}.event_trigger t
   where t.id = of_trigger;
$$;

-- Whether a release that is running defines it.
create function ${schema}.is_declared_v1(trigger_name text)
  returns boolean
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select from ${schema}.dispatcher d
     where trigger_name = any (d.declares)
       and d.lease_until > clock_timestamp());
$$;
`;
