import { quoteLiteral } from '../identifier.js';
import type { MigrationContext } from '../migration.js';
import { openBatches } from './0009-leaving.sql.js';
import { ENGINE_SETTINGS } from './engine-settings.js';
import { cursor } from './stream-cursor.sql.js';

/** What of the event log is still owed, and to whom: it stays, however old it is. */
export const owed = ({ schema }: MigrationContext): string => `
-- The triggers that may still have to get an event which stands in a partition of the event log.
create function ${schema}.owing_v1(partition text)
  returns setof integer
  language plpgsql
  volatile
  ${ENGINE_SETTINGS}
as $$
declare
  stream record;
  found_owing integer[] := '{}';
  owed boolean;
begin
  for stream in
    select t.id, c.*, a.snapshot as seen, b.snapshot as cut
      from ${schema}.event_trigger t
     cross join lateral ${cursor(schema, 't.id')}
  loop
    -- beyond the cursor; whatever is below the snapshot's oldest transaction is not
    execute format('select exists (select from %s.%I e where e.xid >= pg_snapshot_xmin($1) and e.trigger_id = $2 and not pg_visible_in_snapshot(e.xid, $1))',
      ${quoteLiteral(schema)}, partition)
      into owed
      using stream.cut, stream.id;
    if not owed and stream.more then
      execute format('select exists (select from %s.%I e where e.trigger_id = $1 and e.id > $2 and not pg_visible_in_snapshot(e.xid, $3))',
        ${quoteLiteral(schema)}, partition)
        into owed
        using stream.id, stream.last_id, stream.seen;
    end if;
    if owed then
      found_owing := found_owing || stream.id;
    end if;
  end loop;
  for stream in ${openBatches(schema, 'b.trigger_id, b.after_id, b.last_id')} loop
    continue when stream.trigger_id = any (found_owing);
    execute format('select exists (select from %s.%I e where e.trigger_id = $1 and e.id > $2 and e.id <= $3)',
      ${quoteLiteral(schema)}, partition)
      into owed
      using stream.trigger_id, stream.after_id, stream.last_id;
    if owed then
      found_owing := found_owing || stream.trigger_id;
    end if;
  end loop;
  return query select unnest(found_owing);
end $$;

-- What triggers keep in the event log that is older than the retention, most bytes first. A partition that several
-- need counts for each. Who is stuck makes no progress until somebody does something about it.
create function ${schema}.held_v1(before timestamptz)
  returns table (name text, application text, captures boolean, bytes bigint, since timestamptz, stuck text)
  language sql
  volatile
  ${ENGINE_SETTINGS}
as $$
  select t.name, t.application, t.capture_paused_at is null and t.removed_at is null, h.bytes, h.since,
         case
           when t.delivery_paused_at is not null then 'paused'
           when t.failing_since is not null then 'failing'
           when not exists (
                select from ${schema}.dispatcher d
                 where d.application = t.application
                   and d.lease_until > clock_timestamp()) then 'abandoned' end
    from (select o.id, sum(p.bytes)::bigint as bytes, min(p.starts_at) as since
            from ${schema}.partitions_v1() p
           cross join lateral ${schema}.owing_v1(p.name) o (id)
           where p.log = 'event'
             and p.ends_at <= before
           group by o.id) h
    join ${schema}.event_trigger t
      on t.id = h.id
   order by h.bytes desc, t.name;
$$;
`;
