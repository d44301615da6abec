import { quoteLiteral } from '../identifier.js';
import type { MigrationContext } from '../migration.js';
import { captureConditions } from './0002-capture-conditions.sql.js';
import { capturePins } from './0002-capture-pins.sql.js';
import { rowOrder } from './0002-row-order.sql.js';

/** What the writer said about itself: text of any form, never parsed here; '' where it said so earlier. */
const setting = (own: string): string => `pg_catalog.current_setting('${own}', true)`;

/** The same in a database that Hasura writes to, which says it under names of its own. */
const settingBesideHasura = (own: string, hasura: string): string =>
  `coalesce(nullif(${setting(own)}, ''), ${setting(hasura)})`;

const SESSION = 'event_triggers.session_variables';
const TRACE = 'event_triggers.traceparent';
const OWN_SETTINGS = `${setting(SESSION)}, ${setting(TRACE)}`;
const SETTINGS_BESIDE_HASURA = `${settingBesideHasura(SESSION, 'hasura.user')},
    ${settingBesideHasura(TRACE, 'hasura.tracecontext')}`;

/** Hasura keeps its own tables there, in each database that it writes to. */
const HASURA_SCHEMA = 'hdb_catalog';

/**
 * The body of a capture function: one insert. The images are json and not jsonb, which would refuse
 * \\u0000 and rewrite numbers; no column is named, so that none can be missing one day.
 *
 * A transaction of one row prepares every function call below anew, and most of the price of a capture is
 * that: each call saved here is half a percent of the writers' rate.
 */
const BODY = `
#variable_conflict use_column
begin
  insert into %1$s.event (trigger_id, operation, key, %9$sold, new, session, trace)
  values (%2$s, '%3$s', %4$s, %10$s%5$s, %6$s, %8$s);
  if pg_catalog.pg_sequence_last_value(%7$L::pg_catalog.regclass)
     < pg_catalog.date_part('epoch', pg_catalog.clock_timestamp())
  then
    perform %1$s.wake_v1();
  end if;
  return null;
end `;

const CAPTURE_FUNCTION = `create or replace function %1$s() returns trigger
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp%3$s
as %2$L`;

/**
 * `capture_statements_v1`: the statements that should be in force for a definition, in the order to run them.
 *
 * The key is computed by a function that Postgres stores parsed: it follows renamed columns, and a column
 * cannot be dropped beneath it. With CASCADE the function goes, and the capture function, which would then
 * fail every write, finds another of the same name: it takes any row and makes null of it. The second
 * argument is a literal without a type, for which Postgres prefers text: it decides between the two where a
 * row is of a partition, and so of the type of neither.
 */
export const captureStatements = (context: MigrationContext): string => {
  const own = quoteLiteral(context.schema);
  return `
${captureConditions(context)}
${capturePins(context)}
${rowOrder(context)}

create function ${context.schema}.capture_statements_v1(
    of_trigger integer, trigger_name text, definition json,
    -- otherwise what names missing columns is left out with a warning
    strict boolean default true)
  returns table (operation text, kind text, name text, statement text)
  language plpgsql
  stable
  set search_path = pg_catalog, pg_temp
  set quote_all_identifiers = off
as $function$
declare
  target oid;
  qualified text;
  key_columns text[];
  key_function text;
  key_of_old text;
  key_of_new text;
  pins text;
  ordered constant boolean := coalesce(definition ->> 'ordering' = 'row', false);
  settings constant text := case when to_regnamespace('${HASURA_SCHEMA}') is null then ${quoteLiteral(OWN_SETTINGS)}
    else ${quoteLiteral(SETTINGS_BESIDE_HASURA)} end;
  spec json;
  condition text;
begin
  if not coalesce((definition ->> 'enabled')::boolean, true) then
    return;
  end if;
  if definition -> 'insert' is null and definition -> 'update' is null and definition -> 'delete' is null
     and not coalesce((definition ->> 'truncate')::boolean, false)
  then
    return;
  end if;
  target := ${context.schema}.capture_target_v1(trigger_name, definition -> 'table' ->> 'schema', definition -> 'table' ->> 'name');
  qualified := format('%I.%I', definition -> 'table' ->> 'schema', definition -> 'table' ->> 'name');
  if definition -> 'orderingKey' is not null then
    key_columns := array(select json_array_elements_text(definition -> 'orderingKey'));
  end if;
  if strict then
    perform ${context.schema}.require_columns_v1(trigger_name, target, definition -> 'orderingKey');
    perform ${context.schema}.require_order_v1(trigger_name, target, definition);
  end if;
  key_function := ${context.schema}.key_expression_v1(target, key_columns);
  pins := ${context.schema}.pins_v1(target, key_columns);

  if key_function is not null then
    kind := 'function';
    name := 'key_of_' || of_trigger;
    statement := format(e'create or replace function %s.%I(r %s, preferred text) returns text\\n  language sql\\n  stable\\n  parallel safe\\nbegin atomic\\n  select %s;\\nend',
      ${own}, name, qualified, key_function);
    return next;
    statement := format(e'create or replace function %s.%I(r anyelement, otherwise integer) returns text\\n  language sql\\n  immutable\\n  parallel safe\\nas ''select null::pg_catalog.text''',
      ${own}, name);
    return next;
    key_of_old := format('%s.%I(old, ''0'')', ${own}, name);
    key_of_new := format('%s.%I(new, ''0'')', ${own}, name);
  end if;

  foreach operation in array array['insert', 'update', 'delete', 'truncate'] loop
    spec := definition -> operation;
    continue when spec is null or spec::text in ('false', 'null');
    if operation <> 'truncate' then
      if strict then
        perform ${context.schema}.require_columns_v1(trigger_name, target, spec -> 'columns');
        perform ${context.schema}.require_columns_v1(trigger_name, target, spec -> 'payload');
      end if;
      condition := ${context.schema}.capture_condition_v1(trigger_name, target, operation, spec);
      -- nothing is left of what it listens to
      continue when condition is null;
    end if;

    kind := 'function';
    name := format('capture_%s_%s', of_trigger, operation);
    statement := format(${quoteLiteral(CAPTURE_FUNCTION)}, format('%s.%I', ${own}, name), format(${quoteLiteral(BODY)},
      ${own},
      of_trigger,
      upper(operation),
      coalesce(case operation when 'delete' then key_of_old when 'truncate' then null else key_of_new end, 'null'),
      case when operation in ('update', 'delete') then 'pg_catalog.row_to_json(old)' else 'null' end,
      case when operation in ('insert', 'update') then 'pg_catalog.row_to_json(new)' else 'null' end,
      ${own} || '.awake_until',
      settings,
      case when ordered and operation = 'update' then 'key_before, ' else '' end,
      case when ordered and operation = 'update'
           then format('nullif(%s, %s), ', key_of_old, key_of_new) else '' end), pins);
    return next;
    -- It writes to the log with its owner's rights: nobody else may hang it on a table.
    kind := 'grant';
    statement := format('revoke all on function %s.%I() from public', ${own}, name);
    return next;

    kind := 'trigger';
    statement := format('execute function %s.%I()', ${own}, name);
    name := ${context.schema}.capture_name_v1(trigger_name, operation);
    statement := case operation
      when 'truncate' then format(e'create or replace trigger %I\\n  after truncate on %s\\n  for each statement\\n  %s', name, qualified, statement)
      else format(e'create or replace trigger %I\\n  after %s on %s\\n  for each row%s\\n  %s', name, operation, qualified,
        e'\\n  when (' || nullif(condition, '') || ')', statement) end;
    return next;
    if coalesce((definition ->> 'replication')::boolean, false) then
      kind := 'setting';
      statement := format('alter table %s enable always trigger %I', qualified, name);
      return next;
    end if;
  end loop;
end $function$;
`;
};
