import type { MigrationContext } from '../migration.js';
import { ENGINE_SETTINGS } from './engine-settings.js';

/** Operations that are captured from a table. */
const OPERATIONS = `array['insert', 'update', 'delete', 'truncate']`;

/** One statement, so that the snapshot is that of all it has read. */
const copy = (schema: string, which: string): string => `
    with copy as (
      insert into ${schema}.event (trigger_id, operation, key, key_before, old, new, session, trace, created_at)
      select of_trigger, e.operation, e.key, case when keeps_order then e.key_before end,
             e.old, e.new, e.session, e.trace, e.created_at
        from ${schema}.event e
       where ${which}
         and e.created_at >= since
         and e.operation = any (operations)
       order by e.id
      returning id
    )
    select count(*), pg_current_snapshot() into copied, seen from copy;`;

/**
 * A new stream that starts in the past: what another trigger of the table has captured by the same rules is copied.
 *
 * Most of it is copied before the table is locked, so that writers wait only for what they wrote meanwhile. The copies
 * get numbers in the order of the originals, and all of them before the first change that the new trigger captures. Of
 * two versions of a row the later one is not copied earlier: whoever sees it sees the one before. For the windows they
 * are what any long transaction has captured.
 */
export const past = ({ schema }: MigrationContext): string => `
-- What counts as a change, of one operation; null where it is not captured.
create function ${schema}.capture_rule_v1(definition json, operation text)
  returns jsonb
  language sql
  immutable
  set search_path = pg_catalog, pg_temp
as $$
  select case jsonb_typeof(r.rule)
         when 'object' then r.rule - 'payload'
         when 'boolean' then nullif(r.rule, 'false')
         end
    from (select (definition -> operation)::jsonb as rule) r;
$$;

-- The trigger that has captured for longest, without a gap, all that this one is going to.
create function ${schema}.past_source_v1(of_trigger integer)
  returns table (id integer, name text, captures_since timestamptz)
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $$
  select s.id, s.name, s.captures_since
    from ${schema}.event_trigger t
    join ${schema}.event_trigger s
      on s.id <> t.id
     and s.removed_at is null
     -- something of it is attached
     and s.installed <> '{}'
     and s.capture_paused_at is null
     and s.captures_since is not null
     and s.definition -> 'table' ->> 'schema' = t.definition -> 'table' ->> 'schema'
     and s.definition -> 'table' ->> 'name' = t.definition -> 'table' ->> 'name'
     and coalesce(s.definition ->> 'replication', 'false') = coalesce(t.definition ->> 'replication', 'false')
     -- the keys are copied too
     and s.definition ->> 'orderingKey' is not distinct from t.definition ->> 'orderingKey'
     and s.ordered >= t.ordered
     and ${schema}.is_intact_v1(s.id)
   where t.id = of_trigger
     and exists (select from unnest(${OPERATIONS}) o where ${schema}.capture_rule_v1(t.definition, o) is not null)
     and not exists (
         select from unnest(${OPERATIONS}) o
          where ${schema}.capture_rule_v1(t.definition, o) <> coalesce(${schema}.capture_rule_v1(s.definition, o), 'null'))
   order by s.captures_since, s.id
   limit 1;
$$;

-- Copies what can be seen and could not be seen in the snapshot before, that of an earlier copy; null stands for none.
-- The second time the caller has locked the table.
create function ${schema}.copy_past_v1(
    of_trigger integer, source integer, since timestamptz, before pg_snapshot, out copied bigint, out seen pg_snapshot)
  language plpgsql
  volatile
  ${ENGINE_SETTINGS}
as $$
declare
  operations constant ${schema}.operation[] := array(
    select upper(o)::${schema}.operation
      from ${schema}.event_trigger t, unnest(${OPERATIONS}) o
     where t.id = of_trigger
       and ${schema}.capture_rule_v1(t.definition, o) is not null);
  keeps_order constant boolean := (select t.ordered from ${schema}.event_trigger t where t.id = of_trigger);
begin
  if before is null then
    ${copy(schema, 'e.trigger_id = source')}
    return;
  end if;
  if not exists (
    select from ${schema}.event_trigger s
     where s.id = source
       and s.captures_since <= since
       and s.installed <> '{}'
       and ${schema}.is_intact_v1(s.id))
  then
    raise exception 'what the event trigger % captures was changed meanwhile', source
      -- the caller begins anew
      using errcode = 'lock_not_available';
  end if;
  -- Transactions are few: the sum leaves the planner no other index than theirs.
  ${copy(
    schema,
    `e.trigger_id + 0 = source
         and e.xid >= pg_snapshot_xmin(before)
         and not pg_visible_in_snapshot(e.xid, before)`,
  )}
end $$;
`;
