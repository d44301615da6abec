import type { MigrationContext } from '../migration.js';
import { attachedFunctions } from './0002-attached.sql.js';
import { capturePause } from './0002-capture-pause.sql.js';
import { captureStatements } from './0002-capture-statements.sql.js';
import { installFunctions } from './0002-install.sql.js';
import { past } from './0002-past.sql.js';

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
  add column installed_state text,
  -- since when the same is captured without a gap
  add column captures_since timestamptz;
${attachedFunctions(context)}
${captureStatements(context)}
${capturePause(context)}
${installFunctions(context)}
${past(context)}
`;
