import type { Command } from 'commander';
import type { TriggerSummary } from '../pipeline/retry/trigger-list.js';
import { MIGRATIONS } from '../schema/migrations.js';
import { withExamples } from './examples.js';
import { inSession, type Session } from './session.js';
import { statusStatements } from './status.sql.js';
import type { Terminal } from './terminal.js';
import { TRIGGER_COLUMNS } from './triggers.command.js';
import { ageOf, secondText, sizeOf } from './wording.js';

interface Dispatcher {
  readonly id: string;
  readonly application: string;
  readonly startedAt: Date;
  readonly leaseUntil: Date;
  readonly alive: boolean;
}

interface Log {
  readonly log: string;
  readonly partitions: number;
  readonly bytes: number;
  readonly since: Date | null;
  readonly oldestInDefault: Date | null;
}

/** How an installation is. */
interface Status {
  readonly schema: {
    readonly name: string;
    readonly version: number;
    /** The version that this build brings. */
    readonly known: number;
    readonly appliedAt: Date | null;
  };
  readonly triggers: readonly TriggerSummary[];
  readonly dispatchers: readonly Dispatcher[];
  readonly logs: readonly Log[];
}

export function registerStatus(program: Command): void {
  withExamples(
    program.command('status').description('tells what is installed, what waits, and who delivers'),
    'status',
    'status --json --schema my_triggers',
  ).action((_: unknown, command: Command) =>
    inSession(command, async (session) => {
      const status = await read(session);
      session.terminal.result(status, () => worded(status, session.terminal));
    }),
  );
}

async function read({ database, schema, options, service }: Session): Promise<Status> {
  const { versions, dispatchers, logs } = statusStatements(schema);
  const [newest] = await database.query<{ version: number; appliedAt: Date }>(versions);
  return {
    schema: {
      name: options.schema,
      version: newest?.version ?? 0,
      known: MIGRATIONS.at(-1)?.version ?? 0,
      appliedAt: newest?.appliedAt ?? null,
    },
    triggers: await service.listTriggers(),
    dispatchers: await database.query<Dispatcher>(dispatchers),
    logs: await database.query<Log>(logs),
  };
}

function worded({ schema, triggers, dispatchers, logs }: Status, terminal: Terminal): string {
  const version = `schema ${schema.name}: version ${schema.version}${
    schema.version < schema.known ? ` (this build brings ${schema.known}: run apply)` : ''
  }`;
  return [
    version,
    triggers.length === 0 ? 'no triggers' : terminal.table(TRIGGER_COLUMNS, triggers),
    dispatchers.length === 0
      ? 'no dispatcher runs'
      : terminal.table<Dispatcher>(
          [
            ['DISPATCHER', ({ id }) => id],
            ['APPLICATION', ({ application }) => application],
            ['STARTED', ({ startedAt }) => secondText(startedAt)],
            ['STATE', ({ alive, leaseUntil }) => (alive ? 'alive' : `gone ${ageOf(leaseUntil)}`)],
          ],
          dispatchers,
        ),
    terminal.table<Log>(
      [
        ['LOG', ({ log }) => log],
        ['PARTITIONS', ({ partitions }) => partitions],
        ['SIZE', ({ bytes }) => sizeOf(bytes)],
        ['SINCE', ({ since }) => (since === null ? null : secondText(since))],
      ],
      logs,
    ),
  ].join('\n\n');
}
