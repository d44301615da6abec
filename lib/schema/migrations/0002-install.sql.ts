import { quoteLiteral } from '../identifier.js';
import type { MigrationContext } from '../migration.js';
import { INVALID_TRIGGER } from './0002-capture-conditions.sql.js';
import { publicFunctions } from './0002-public.sql.js';

/** Enough rows to meet the values that a condition stumbles over, few enough to be read at once. */
const ROWS_TRIED = 100;

/** Putting definitions in force and out of it. The caller has locked the table, so that no write goes by. */
export const installFunctions = (context: MigrationContext): string => {
  const { schema } = context;
  return `
-- Triggers that are attached and should not be, by name: dropping one needs the strongest lock of its table.
create function ${schema}.obsolete_triggers_v1(of_trigger integer, trigger_name text, definition json)
  returns table (relation oid, name text)
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $$
  select a.relation, a.name
    from ${schema}.attached_v1(of_trigger) a
   where (a.relation, a.name) not in (
         select c.oid, s.name
           from ${schema}.capture_statements_v1(of_trigger, trigger_name, definition, false) s
           join pg_namespace n
             on n.nspname = definition -> 'table' ->> 'schema'
           join pg_class c
             on c.relnamespace = n.oid
            and c.relname = definition -> 'table' ->> 'name'
          where s.kind = 'trigger');
$$;

-- Takes a definition out of force. Its row and its stream stay, so what waits in it is still delivered.
create function ${schema}.uninstall_v1(of_trigger integer)
  returns void
  language plpgsql
  volatile
  set search_path = pg_catalog, pg_temp
as $$
declare
  target record;
begin
  for target in select * from ${schema}.attached_v1(of_trigger) loop
    execute format('drop trigger %I on %s', target.name, target.relation::regclass);
  end loop;
  for target in select * from ${schema}.functions_of_v1(of_trigger) loop
    execute format('drop function %s', target.declaration);
  end loop;
  update ${schema}.event_trigger
     set installed = null,
         installed_state = null
   where id = of_trigger;
end $$;

-- Puts the stored definition in force, whatever was in force before.
create function ${schema}.install_v1(of_trigger integer, strict boolean default true)
  returns void
  language plpgsql
  volatile
  set search_path = pg_catalog, pg_temp
as $$
declare
  t ${schema}.event_trigger;
  target record;
  step record;
  statements text[] := '{}';
  wanted text[] := '{}';
  was_intact constant boolean := ${schema}.is_intact_v1(of_trigger);
begin
  select * into strict t from ${schema}.event_trigger e where e.id = of_trigger;
  for target in select * from ${schema}.obsolete_triggers_v1(t.id, t.name, t.definition) loop
    execute format('drop trigger %I on %s', target.name, target.relation::regclass);
  end loop;
  for step in select * from ${schema}.capture_statements_v1(t.id, t.name, t.definition, strict) loop
    perform ${schema}.put_in_force_v1(t.name, t.definition, step.operation, step.kind, step.statement);
    statements := statements || step.statement;
    wanted := wanted || step.name;
  end loop;
  for target in select * from ${schema}.functions_of_v1(t.id) f where f.name <> all (wanted) loop
    execute format('drop function %s', target.declaration);
  end loop;
  if t.capture_paused_at is not null then
    perform ${schema}.obey_capture_pause_v1(t.id);
  end if;
  update ${schema}.event_trigger e
     set installed = statements,
         installed_on = (
           select c.oid
             from pg_class c
             join pg_namespace n
               on n.oid = c.relnamespace
            where n.nspname = t.definition -> 'table' ->> 'schema'
              and c.relname = t.definition -> 'table' ->> 'name'),
         installed_state = ${schema}.capture_state_v1(t.id),
         captures_since = case when was_intact and t.installed = statements then t.captures_since else clock_timestamp() end
   where e.id = t.id;
  perform ${schema}.begin_stream_v1(t.id);
end $$;

-- One statement, with an error that says whose it was.
create function ${schema}.put_in_force_v1(
    trigger_name text, definition json, operation text, kind text, statement text)
  returns void
  language plpgsql
  volatile
  set search_path = pg_catalog, pg_temp
as $$
declare
  condition constant text := case kind when 'trigger' then definition -> operation ->> 'when' end;
  place constant text := format('%I.%I', definition -> 'table' ->> 'schema', definition -> 'table' ->> 'name');
begin
  execute statement;
exception
  -- the caller comes back later
  when lock_not_available or deadlock_detected then
    raise;
  when insufficient_privilege then
    raise exception 'event trigger "%": % of % may not be captured: %', trigger_name, operation, place, sqlerrm
      using errcode = '${INVALID_TRIGGER}',
            hint = format('Let the owner of %s attach, or grant TRIGGER on it to %I.', place, current_user);
  when others then
    if condition is null then
      raise exception 'event trigger "%": % of % cannot be captured: %', trigger_name, operation, place, sqlerrm
        using errcode = '${INVALID_TRIGGER}', detail = statement;
    end if;
    raise exception 'event trigger "%": the condition of % does not fit %: "%": %', trigger_name, operation, place, condition, sqlerrm
      using errcode = '${INVALID_TRIGGER}',
            detail = statement,
            hint = format('Columns stand behind "new." or "old.", and names that are not built into Postgres need their schema. To change the table first, deploy a definition without the condition, or call attach(%L, leave_out => %L).',
              place, '{' || trigger_name || '}');
end $$;

-- The cursor of a new stream: at a tick that was committed earlier, so that nothing captured comes before it.
create function ${schema}.begin_stream_v1(of_trigger integer)
  returns void
  language sql
  volatile
  set search_path = pg_catalog, pg_temp
as $$
  insert into ${schema}.batch (
         trigger_id, id, claim, dispatcher, from_tick, to_tick, after_id, last_id, size, more)
  select of_trigger, nextval(${quoteLiteral(`${schema}.batch_id`)}), gen_random_uuid(),
         '00000000-0000-0000-0000-000000000000', newest.id, newest.id, 0, 0, 0, false
    from (select id from ${schema}.tick order by id desc limit 1) newest
   where not exists (select from ${schema}.batch where trigger_id = of_trigger);
$$;

-- What the conditions of a definition say about rows that are there: the errors they raise.
create function ${schema}.try_conditions_v1(of_trigger integer)
  returns table (operation text, problem text)
  language plpgsql
  volatile
  set search_path = pg_catalog, pg_temp
as $function$
declare
  t ${schema}.event_trigger;
  condition text;
begin
  select * into strict t from ${schema}.event_trigger e where e.id = of_trigger;
  foreach operation in array array['insert', 'update', 'delete'] loop
    condition := t.definition -> operation ->> 'when';
    continue when condition is null;
    begin
      execute format('do %L', format($do$
declare
  new %1$s;
  old %1$s;
begin
  for new in select * from %1$s limit ${ROWS_TRIED} loop
    old := new;
    perform (%2$s
);
  end loop;
end $do$, format('%I.%I', t.definition -> 'table' ->> 'schema', t.definition -> 'table' ->> 'name'), condition));
      continue;
    exception
      when query_canceled then
        problem := 'it takes longer than a moment for ${ROWS_TRIED} rows';
      when others then
        problem := sqlerrm;
    end;
    return next;
  end loop;
end $function$;
${publicFunctions(context)}
`;
};
