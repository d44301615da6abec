import type { MigrationContext } from '../migration.js';
import { ENGINE_SETTINGS } from './engine-settings.js';

/** What lists of events need beside the tables. */
export const eventList = ({ schema }: MigrationContext): string => `
-- The number at which the events of a trigger reach a time, as far as they were captured in the order of their numbers;
-- null where the log has none. By halving: no index goes by time, which would cost every writer.
create function ${schema}.number_at_v1(of_trigger integer, at timestamptz)
  returns bigint
  language plpgsql
  stable
  ${ENGINE_SETTINGS}
as $$
#variable_conflict use_column
declare
  low bigint;
  high bigint;
  middle bigint;
  probe record;
begin
  select e.id into low from ${schema}.event e where e.trigger_id = of_trigger order by e.id limit 1;
  select e.id + 1 into high from ${schema}.event e where e.trigger_id = of_trigger order by e.id desc limit 1;
  while low < high loop
    middle := low + (high - low) / 2;
    select e.id, e.created_at into probe
      from ${schema}.event e
     where e.trigger_id = of_trigger
       and e.id >= middle
     order by e.id
     limit 1;
    if probe.created_at < at then
      low := probe.id + 1;
    else
      high := middle;
    end if;
  end loop;
  return low;
end $$;

-- Whether the rows of an event have something at a path. What jsonb cannot hold has not: the character NUL, numbers out of its range.
-- It costs more than all other conditions together, and so is asked last.
create function ${schema}.matches_path_v1(of_trigger integer, number bigint, at timestamptz, path jsonpath)
  returns boolean
  language plpgsql
  stable
  cost 100000
  ${ENGINE_SETTINGS}
as $$
#variable_conflict use_column
begin
  return coalesce((
    select jsonb_path_exists(jsonb_build_object('old', i.old::jsonb, 'new', i.new::jsonb), path, silent => true)
      from (
           select e.old, e.new
             from ${schema}.event e
            where e.trigger_id = of_trigger and e.id = number and e.created_at = at
            union all
           select r.old, r.new
             from ${schema}.retry r
            where r.trigger_id = of_trigger and r.event_id = number and r.created_at = at
            union all
           select d.old, d.new
             from ${schema}.dead_letter d
            where d.trigger_id = of_trigger and d.event_id = number and d.created_at = at
            limit 1) i), false);
exception
  when data_exception or program_limit_exceeded then
    return false;
end $$;
`;
