import type { MigrationContext } from '../migration.js';

/** What migrations written by users call. */
export const publicFunctions = ({ schema }: MigrationContext): string => `
-- Takes all capture triggers off a table, so that a migration can change columns that they name. Call
-- attach in the same transaction: the table stays locked until its end, so that no write goes uncaptured.
create function ${schema}.detach(target regclass)
  returns void
  language plpgsql
  volatile
  set search_path = pg_catalog, pg_temp
as $$
begin
  execute format('lock table %s in access exclusive mode', target);
  perform ${schema}.uninstall_v1(e.id)
     from (select t.id
             from ${schema}.event_trigger t
            where t.installed_on = target
               or exists (select from ${schema}.attached_v1(t.id) a where a.relation = target)
            order by t.id) e;
end $$;

-- Puts the definitions of a table in force again, on whatever columns it has now. Columns that are gone are
-- no longer listened to, with a warning; a condition that names one is an error, unless its trigger is left
-- out, which bootstrap then attaches with the definition of the new release.
create function ${schema}.attach(target regclass, leave_out text[] default '{}')
  returns void
  language plpgsql
  volatile
  set search_path = pg_catalog, pg_temp
as $$
declare
  place constant json := (
    select json_build_object('schema', n.nspname, 'name', c.relname)
      from pg_class c
      join pg_namespace n
        on n.oid = c.relnamespace
     where c.oid = target);
  t record;
  left_out text;
begin
  execute format('lock table %s in access exclusive mode', target);
  select n into left_out
    from unnest(leave_out) n
   where not exists (select from ${schema}.event_trigger e where e.name = n);
  if left_out is not null then
    raise exception 'there is no event trigger "%" to leave out', left_out;
  end if;
  for t in
    select e.id, e.name, e.definition,
           e.definition -> 'table' ->> 'schema' = place ->> 'schema'
             and e.definition -> 'table' ->> 'name' = place ->> 'name' as is_named
      from ${schema}.event_trigger e
     where e.removed_at is null
       and e.name <> all (leave_out)
     order by e.id
  loop
    if not t.is_named then
      -- The table had another name when it was attached, and nothing else has taken that name since.
      continue when not exists (select from ${schema}.event_trigger e where e.id = t.id and e.installed_on = target)
        or exists (
           select from pg_class c
             join pg_namespace n
               on n.oid = c.relnamespace
            where n.nspname = t.definition -> 'table' ->> 'schema'
              and c.relname = t.definition -> 'table' ->> 'name');
      update ${schema}.event_trigger e
         set definition = jsonb_set(e.definition::jsonb, '{table}', place::jsonb)::json,
             revision = nextval('${schema.replaceAll("'", "''")}.event_trigger_revision'),
             updated_at = clock_timestamp()
       where e.id = t.id;
    end if;
    perform ${schema}.install_v1(t.id, strict => false);
  end loop;
end $$;
`;
