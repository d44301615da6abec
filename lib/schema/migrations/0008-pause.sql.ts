import { quoteLiteral } from '../identifier.js';
import type { MigrationContext } from '../migration.js';

/** Every change of what replicas know of a trigger raises its revision: that is how they learn of it. */
const nextRevision = (schema: string): string =>
  `revision = nextval(${quoteLiteral(`${schema}.event_trigger_revision`)}), updated_at = clock_timestamp()`;

/**
 * Pausing the delivery of a trigger. Its changes are captured on, and nothing that waits is lost: when it is
 * resumed, it goes on where it stood.
 */
export const pause = ({ schema }: MigrationContext): string => `
-- Whether this paused it.
create function ${schema}.pause_delivery_v1(of_trigger integer, reason text)
  returns boolean
  language plpgsql
  volatile
  set search_path = pg_catalog, pg_temp
as $$
begin
  update ${schema}.event_trigger t
     set delivery_paused_at = clock_timestamp(),
         delivery_pause_reason = reason,
         ${nextRevision(schema)}
   where t.id = of_trigger
     and t.delivery_paused_at is null;
  return found;
end $$;

-- Whether this resumed it. How long its destination has failed counts anew.
create function ${schema}.resume_delivery_v1(of_trigger integer)
  returns boolean
  language plpgsql
  volatile
  set search_path = pg_catalog, pg_temp
as $$
begin
  update ${schema}.event_trigger t
     set delivery_paused_at = null,
         delivery_pause_reason = null,
         failing_since = null,
         ${nextRevision(schema)}
   where t.id = of_trigger
     and t.delivery_paused_at is not null;
  return found;
end $$;

-- Its destination fails. Whether that paused it: it has for as long as its definition bears, null for ever.
create function ${schema}.failing_v1(of_trigger integer, disable_after interval)
  returns boolean
  language plpgsql
  volatile
  set search_path = pg_catalog, pg_temp
as $$
begin
  update ${schema}.event_trigger t
     set failing_since = clock_timestamp()
   where t.id = of_trigger
     and t.failing_since is null;
  if exists (
    select from ${schema}.event_trigger t
     where t.id = of_trigger
       and t.failing_since < clock_timestamp() - disable_after)
  then
    return ${schema}.pause_delivery_v1(of_trigger, 'failing');
  end if;
  return false;
end $$;

create function ${schema}.healthy_v1(of_trigger integer)
  returns void
  language sql
  volatile
  set search_path = pg_catalog, pg_temp
as $$
  update ${schema}.event_trigger t
     set failing_since = null
   where t.id = of_trigger
     and t.failing_since is not null;
$$;
`;
