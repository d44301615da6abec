import { quoteLiteral } from '../identifier.js';
import type { MigrationContext } from '../migration.js';

/** Refused: the log was written on another server, or another server's log was copied here. */
export const FOREIGN_HISTORY = 'ET009';
/** Refused: the log belongs to dispatchers that run somewhere else. */
const FOREIGN_DEPLOYMENT = 'ET010';

export const ADOPT =
  "Nothing of its log is delivered; changes are captured on. Call EventTriggersService.adopt('deliver') to deliver here what waits, or adopt('discard') to give it up.";

/** Whether the row `i` of installation was copied row by row; physical copies and upgrades keep the system column. */
export const isCopied = `(i.xmin::text::bigint <> i.written_by::text::bigint & x'ffffffff'::bigint)`;

/**
 * Whose log this is. A window says something only about the server whose transactions its ticks have seen: after a
 * dump was restored, or rows were replicated, events would be passed over without a word.
 */
export const history = ({ schema }: MigrationContext): string => `
-- Raises where transaction ids in the log are not those of this server.
create function ${schema}.require_history_v1()
  returns void
  language plpgsql
  volatile
  set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (select from ${schema}.installation i where ${isCopied}) then
    raise exception 'this database is a copy that was made row by row, by a dump or by logical replication'
      using errcode = '${FOREIGN_HISTORY}', hint = ${quoteLiteral(ADOPT)};
  end if;
end $$;

-- Raises where dispatchers of another deployment deliver this log; true otherwise. The first to say where it runs
-- decides. Null says nothing.
create function ${schema}.require_deployment_v1(name text)
  returns boolean
  language plpgsql
  volatile
  set search_path = pg_catalog, pg_temp
as $$
declare
  owner text;
begin
  perform ${schema}.require_history_v1();
  if name is null then
    return true;
  end if;
  update ${schema}.installation i
     set deployment = name,
         written_by = pg_current_xact_id()
   where i.deployment is null;
  select i.deployment into owner from ${schema}.installation i;
  if owner <> name then
    raise exception 'the log belongs to the deployment "%", and this is "%"', owner, name
      using errcode = '${FOREIGN_DEPLOYMENT}', hint = ${quoteLiteral(ADOPT)};
  end if;
  return true;
end $$;
`;
