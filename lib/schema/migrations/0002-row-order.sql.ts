import { quoteLiteral } from '../identifier.js';
import type { MigrationContext } from '../migration.js';
import { INVALID_TRIGGER } from './0002-capture-conditions.sql.js';

/** Bits of pg_trigger.tgtype. */
const FOR_EACH_ROW = 1;
const BEFORE_OR_INSTEAD = 2 | 64;

/** Names of functions that capture, of this installation and of others. */
const CAPTURES = '^capture_[0-9]+_(insert|update|delete|truncate)$';

/** A statement of a function's body that changes rows of a table, whose schema and name are the arguments. */
const CHANGES =
  '\\m(update|insert\\s+into|delete\\s+from|merge\\s+into)\\s+(only\\s+)?("?%s"?\\.)?"?%s"?(?![[:alnum:]_])';

/** Ends with what is wrong and what to do, both with their arguments. */
const refuse = (problem: string, hint: string): string => `
      raise exception 'event trigger "%": its rows cannot be kept in order: ${problem}
        using errcode = '${INVALID_TRIGGER}', hint = ${hint};`;

/**
 * Events of one row stand in the log in the order of the row's versions, because a second writer waits for
 * the first one's row lock. Within one statement another trigger can turn them round: what it does to a row
 * that the statement has changed too, but whose own trigger has not fired yet, is captured first.
 */
export const rowOrder = ({ schema }: MigrationContext): string => `
-- A name as a regular expression that matches it and nothing else.
create function ${schema}.pattern_v1(name text)
  returns text
  language sql
  immutable
  set search_path = pg_catalog, pg_temp
as $$
  select regexp_replace(name, '([^[:alnum:]_])', '\\\\\\1', 'g');
$$;

-- Triggers of the host that fire for each row after the change and may turn its versions round.
create function ${schema}.inverting_triggers_v1(target oid, own_name text)
  returns table (name text, function text, is_earlier boolean)
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $$
  select t.tgname::text, p.oid::regprocedure::text, t.tgname::text collate "C" < own_name collate "C"
    from pg_trigger t
    join pg_proc p
      on p.oid = t.tgfoid
    join pg_class c
      on c.oid = target
    join pg_namespace n
      on n.oid = c.relnamespace
   where (t.tgrelid = target or t.tgrelid in (select l.relid from pg_partition_tree(target) l))
     and not t.tgisinternal
     and t.tgtype & ${FOR_EACH_ROW} <> 0
     and t.tgtype & ${BEFORE_OR_INSTEAD} = 0
     -- it fires when the statement is over, and with it all that is captured of it
     and not t.tginitdeferred
     and p.proname !~ ${quoteLiteral(CAPTURES)}
     and (t.tgname::text collate "C" < own_name collate "C"
       or p.prosrc ~* format(${quoteLiteral(CHANGES)}, ${schema}.pattern_v1(n.nspname), ${schema}.pattern_v1(c.relname)))
   order by t.tgname;
$$;

-- Raises where the log could hold two versions of a row in the wrong order.
create function ${schema}.require_order_v1(trigger_name text, target oid, definition json)
  returns void
  language plpgsql
  stable
  set search_path = pg_catalog, pg_temp
as $$
declare
  is_declared constant boolean := definition -> 'orderingKey' is not null;
  harmless text[];
  is_immediate boolean;
  other record;
begin
  if definition ->> 'ordering' is distinct from 'row' then
    return;
  end if;
  if not is_declared then
    select i.indimmediate into is_immediate from pg_index i where i.indrelid = target and i.indisprimary;
    if is_immediate is null then${refuse(
      `the table % has no primary key', trigger_name, target::regclass`,
      `'Add one, or name the columns that tell rows apart as orderingKey.'`,
    )}
    end if;
    if not is_immediate then${refuse(
      `the primary key of % is deferrable, so that two rows may have it for a while', trigger_name, target::regclass`,
      `'Make it not deferrable, or name other columns as orderingKey.'`,
    )}
    end if;
  end if;
  harmless := array(select json_array_elements_text(definition -> 'harmlessTriggers'));
  for other in
    select *
      from ${schema}.inverting_triggers_v1(target, ${schema}.capture_name_v1(trigger_name, '')) t
     where t.name <> all (harmless)
  loop
    if other.is_earlier then${refuse(
      `the trigger "%" fires before what captures them', trigger_name, other.name`,
      `format('Rename it so that it does not sort before "!", or say harmlessTriggers: ["%s"] if it changes no row of this table.', other.name)`,
    )}
    end if;${refuse(
      `the trigger "%" calls %, which writes to the table', trigger_name, other.name, other.function`,
      `format('What it does to other rows of the same statement is captured before them. Make it a BEFORE trigger, or say harmlessTriggers: ["%s"] if it changes none but the row that it fires for.', other.name)`,
    )}
  end loop;
  for other in
    select c.conname::text as name
      from pg_constraint c
     where c.conrelid = target
       and c.confrelid = target
       and c.confupdtype in ('c', 'n', 'd')
       and definition -> 'update' is not null
  loop${refuse(
    `the foreign key "%" of the table to itself updates other rows of the same statement', trigger_name, other.name`,
    `'Make it ON UPDATE NO ACTION.'`,
  )}
  end loop;
end $$;
`;
