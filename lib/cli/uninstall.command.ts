import type { Command } from 'commander';
import { EventTriggersError } from '../event-triggers.errors.js';
import { inTransaction, setLocal } from '../pipeline/attach/attach-connection.js';
import { withExamples } from './examples.js';
import { EXIT } from './failure.js';
import { isConfirmed } from './confirmation.js';
import { ALL_APPLICATIONS, inSession, type Session } from './session.js';
import { selectInUse, selectTriggersToDrop } from './uninstall.sql.js';
import { counted } from './wording.js';

/** Writers wait behind a lock that has to wait; it can be tried again. */
const LOCK_TIMEOUT_MS = 5_000;

interface InUse {
  readonly dispatchers: number;
  readonly triggers: number;
  readonly retries: number;
  readonly dead: number;
}

export function registerUninstall(program: Command): void {
  withExamples(
    program
      .command('uninstall')
      .option('--yes', 'do not ask')
      .description('takes all capture triggers off their tables and drops the schema'),
    'uninstall',
    'uninstall --yes',
  ).action(({ yes }: { yes?: boolean }, command: Command) =>
    inSession(
      command,
      async (session) => {
        const { terminal, database, schema, options } = session;
        const [inUse] = await database.query<InUse>(selectInUse(schema));
        const statements = await plan(session);
        terminal.note(statements.map((text) => `${text};`).join('\n'));
        const loss = lossOf(inUse!, options.schema);
        if (!(await isConfirmed(terminal, loss, { yes }))) return EXIT.done;
        if (inUse!.dispatchers > 0) throw stillRunning(inUse!.dispatchers);
        await carryOut(session, statements);
        terminal.done({ statements }, `the schema ${options.schema} is gone`);
        return EXIT.done;
      },
      { application: ALL_APPLICATIONS },
    ),
  );
}

async function plan({ database, schema }: Session): Promise<string[]> {
  const triggers = await database.query<{ statement: string }>(selectTriggersToDrop(schema));
  return [...triggers.map(({ statement }) => statement), `drop schema ${schema} cascade`];
}

async function carryOut({ database }: Session, statements: readonly string[]): Promise<void> {
  await database.use((connection) =>
    inTransaction(connection, 'read write', async () => {
      await setLocal(connection, 'lock_timeout', LOCK_TIMEOUT_MS);
      for (const statement of statements) await connection.query(statement);
    }),
  );
}

function lossOf({ triggers, retries, dead }: InUse, schema: string): string {
  const kept = `${counted(retries, 'retry', 'retries')}, ${counted(dead, 'dead letter')}`;
  return `Drop the schema ${schema} with ${counted(triggers, 'trigger')}, all events and attempts, ${kept}`;
}

function stillRunning(dispatchers: number): EventTriggersError {
  return new EventTriggersError(
    'ET_IN_USE',
    `${counted(dispatchers, 'dispatcher')} work on this schema`,
    { hint: 'Stop the applications first, or they install it again.' },
  );
}
