import { quoteLiteral } from '../identifier.js';
import type { MigrationContext } from '../migration.js';
import { attachedFunctions } from './0002-attached.sql.js';
import { captureStatements } from './0002-capture-statements.sql.js';
import { installFunctions } from './0002-install.sql.js';

/** Above it a notification could fill the queue of the server, and then every COMMIT that notifies fails. */
const FULLEST_QUEUE = 0.5;

/**
 * How definitions become triggers on tables. The text of all that is created stands here and nowhere else,
 * so that bootstrap, `verify` and migrations written by users agree on it.
 *
 * Comes in: rows of `event_trigger`. Goes out: functions in this schema and triggers on the tables. What
 * must always hold: whoever writes to a table is held up by nothing but one insert. A crash rolls back.
 */
export const attach = (context: MigrationContext): string => `
alter table ${context.schema}.event_trigger
  -- the table they are in force on; it stays when they are detached, so that a renamed table is found again
  add column installed_on oid,
  -- what the catalogs said when they were put in force; another value means that somebody changed them
  add column installed_state text;
${wakeUp(context)}
${attachedFunctions(context)}
${captureStatements(context)}
${installFunctions(context)}
`;

/** Seconds since 1970 until which a dispatcher looks by itself and needs no notification. */
const wakeUp = ({ schema }: MigrationContext): string => `
create sequence ${schema}.awake_until;
-- For ever: nobody listens until a dispatcher that does sets a time.
select setval(${quoteLiteral(`${schema}.awake_until`)}, ${Number.MAX_SAFE_INTEGER});

create function ${schema}.wake_v1() returns void
  language plpgsql
  volatile
  set search_path = pg_catalog, pg_temp
as $$
begin
  -- PREPARE TRANSACTION refuses a transaction that has notified. The next poll finds the event as well.
  if current_setting('max_prepared_transactions')::integer = 0
     and pg_notification_queue_usage() < ${FULLEST_QUEUE}
  then
    perform pg_notify(${quoteLiteral(schema.slice(1, -1).replaceAll('""', '"'))}, '');
  end if;
end $$;
`;
