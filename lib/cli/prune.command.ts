import type { Command } from 'commander';
import { worded as heldWorded } from '../pipeline/held-log.js';
import { LogKeeper } from '../pipeline/log-keeper.js';
import { withExamples } from './examples.js';
import { ALL_APPLICATIONS, inSession, type Session } from './session.js';
import { statusStatements } from './status.sql.js';
import { durationOf } from './value.js';
import { counted, sizeOf } from './wording.js';

interface PruneOptions {
  readonly events?: string;
  readonly attempts?: string;
  readonly deadLetters?: string;
}

interface Logs {
  readonly partitions: number;
  readonly bytes: number;
}

export function registerPrune(program: Command): void {
  withExamples(
    program
      .command('prune')
      .option('--events <time>', 'keep events so long (default: 7d)', durationOf)
      .option('--attempts <time>', 'keep attempts so long (default: 7d)', durationOf)
      .option('--dead-letters <time>', 'keep dead letters so long (default: 30d)', durationOf)
      .description('makes partitions ahead and lets old ones go, now'),
    'prune',
    'prune --events 2d --attempts 1d',
  ).action((retention: PruneOptions, command: Command) =>
    inSession(command, prune, { retention, application: ALL_APPLICATIONS }),
  );
}

async function prune(session: Session): Promise<void> {
  const { database, schema, options, terminal } = session;
  const before = await sizes(session);
  const held = await new LogKeeper(database, schema, options.retention).keep();
  const after = await sizes(session);
  for (const log of held) terminal.warn(`kept, since it is still owed: ${heldWorded(log)}`);
  const freed = Math.max(0, before.bytes - after.bytes);
  terminal.done(
    { before, after, held },
    `${counted(after.partitions, 'partition')}, ${sizeOf(after.bytes)}; ${sizeOf(freed)} freed`,
  );
}

async function sizes({ database, schema }: Session): Promise<Logs> {
  const logs = await database.query<Logs>(statusStatements(schema).logs);
  return {
    partitions: logs.reduce((sum, { partitions }) => sum + partitions, 0),
    bytes: logs.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
