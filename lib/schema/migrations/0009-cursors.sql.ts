import { quoteLiteral } from '../identifier.js';
import type { MigrationContext } from '../migration.js';
import { loadWindow, windowEvents } from './0004-claim.sql.js';
import { ENGINE_SETTINGS } from './engine-settings.js';

/** What holds old partitions without owing anything: cursors of streams in which nothing happens. */
export const cursors = ({ schema, lockKey }: MigrationContext): string => `
-- Writes the cursor of a stream anew where it is older, so that what lies before it can go: at the newest tick
-- where the stream holds nothing, else where it stands, with the ticks that it stands at.
create function ${schema}.carry_cursor_v1(of_trigger integer, before timestamptz)
  returns boolean
  language plpgsql
  volatile
  ${ENGINE_SETTINGS}
as $$
#variable_conflict use_column
declare
  position record;
  newest bigint;
  a record;
  b record;
  finished xid8[];
  from_tick bigint;
  to_tick bigint;
  after_number bigint;
  most constant integer := 1;
begin
  -- As claims do: what is read from here on is what the last one left.
  if not pg_try_advisory_xact_lock(${lockKey}, of_trigger) then
    return false;
  end if;
  select c.* into position from ${schema}.batch c where c.trigger_id = of_trigger order by c.id desc limit 1;
  if not found or position.created_at >= before then
    return false;
  end if;
  select k.id into newest from ${schema}.tick k order by k.id desc limit 1;
  from_tick := position.from_tick;
  to_tick := position.to_tick;
  after_number := position.last_id;
  if position.more then
${loadWindow(schema)}
    if not exists (${windowEvents(schema, 'e.id')}) then
      position.more := false;
    end if;
  end if;
  if not position.more then
    from_tick := position.to_tick;
    to_tick := newest;
    after_number := 0;
${loadWindow(schema)}
    if not exists (${windowEvents(schema, 'e.id')}) then
      position.from_tick := newest;
      position.to_tick := newest;
      position.last_id := 0;
    end if;
  end if;
  insert into ${schema}.tick (id, snapshot, seq_before, lo, hi)
  select distinct on (k.id) k.id, k.snapshot, k.seq_before, k.lo, k.hi
    from ${schema}.tick k
   where k.id in (position.from_tick, position.to_tick)
     and not exists (select from ${schema}.tick c where c.id = k.id and c.created_at >= before);
  insert into ${schema}.batch (trigger_id, id, claim, dispatcher, from_tick, to_tick, after_id, last_id, size, more)
  values (of_trigger, nextval(${quoteLiteral(`${schema}.batch_id`)}), gen_random_uuid(),
          '00000000-0000-0000-0000-000000000000', position.from_tick, position.to_tick, position.last_id,
          position.last_id, 0, position.more);
  return true;
end $$;

-- The same for the newest tick, at which the next one begins.
create function ${schema}.carry_tick_v1(before timestamptz)
  returns void
  language sql
  volatile
  ${ENGINE_SETTINGS}
as $$
  insert into ${schema}.tick (id, snapshot, seq_before, lo, hi)
  select n.id, n.snapshot, n.seq_before, n.lo, n.hi
    from (select * from ${schema}.tick k order by k.id desc limit 1) n
   where not exists (select from ${schema}.tick c where c.id = n.id and c.created_at >= before);
$$;

-- The streams whose cursor is older.
create function ${schema}.old_cursors_v1(before timestamptz)
  returns setof integer
  language sql
  stable
  ${ENGINE_SETTINGS}
as $$
  select t.id
    from ${schema}.event_trigger t
   cross join lateral (
         select n.created_at
           from ${schema}.batch n
          where n.trigger_id = t.id
          order by n.id desc
          limit 1) c
   where c.created_at < before;
$$;
`;
