import type { MigrationContext } from '../migration.js';
import { INVALID_TRIGGER } from './0002-capture-conditions.sql.js';

/**
 * Pausing the capture of a trigger. What it has captured is delivered on, and changes go by until it is resumed.
 *
 * Its Postgres triggers stay and are disabled: writers pay nothing for one, its condition included, and the lock for
 * it holds up writers for a moment and no reader, as dropping one would. That needs the owner of the table.
 */
export const capturePause = ({ schema }: MigrationContext): string => `
-- Enables or disables what is attached, as the row says.
create function ${schema}.obey_capture_pause_v1(of_trigger integer)
  returns void
  language plpgsql
  volatile
  set search_path = pg_catalog, pg_temp
as $$
declare
  t ${schema}.event_trigger;
  target record;
  mode text;
begin
  select * into strict t from ${schema}.event_trigger e where e.id = of_trigger;
  mode := case
    when t.capture_paused_at is not null then 'disable'
    when coalesce((t.definition ->> 'replication')::boolean, false) then 'enable always'
    else 'enable' end;
  for target in select * from ${schema}.attached_v1(of_trigger) loop
    execute format('alter table %s %s trigger %I', target.relation::regclass, mode, target.name);
  end loop;
exception
  when insufficient_privilege then
    raise exception 'event trigger "%": its capture may not be switched: %', t.name, sqlerrm
      using errcode = '${INVALID_TRIGGER}',
            hint = format('Let the owner of %I.%I do it.', t.definition -> 'table' ->> 'schema', t.definition -> 'table' ->> 'name');
end $$;

-- The time of the switch. The caller has locked the table: whatever was written before has ended, whatever comes waits.
create function ${schema}.switch_capture_v1(of_trigger integer, captures boolean, reason text)
  returns timestamptz
  language plpgsql
  volatile
  set search_path = pg_catalog, pg_temp
as $$
declare
  -- what somebody else changed on the table must be found afterwards as well
  was_intact constant boolean := ${schema}.is_intact_v1(of_trigger);
  switched_at constant timestamptz := clock_timestamp();
begin
  update ${schema}.event_trigger t
     set capture_paused_at = case when not captures then switched_at end,
         capture_pause_reason = case when not captures then reason end,
         captures_since = case when captures then switched_at end,
         revision = default,
         updated_at = switched_at
   where t.id = of_trigger;
  perform ${schema}.obey_capture_pause_v1(of_trigger);
  update ${schema}.event_trigger t
     set installed_state = ${schema}.capture_state_v1(t.id)
   where t.id = of_trigger
     and was_intact;
  return switched_at;
end $$;
`;
