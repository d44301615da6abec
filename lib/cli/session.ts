import { Logger } from '@nestjs/common';
import type { Command } from 'commander';
import { DataSource } from 'typeorm';
import { applicationName } from '../application-name.js';
import { Database } from '../database.js';
import {
  validateOptions,
  type EventTriggersOptions,
  type ResolvedOptions,
} from '../event-triggers.options.js';
import { EventTriggersService } from '../event-triggers.service.js';
import { quoteIdentifier, type QuotedIdentifier } from '../schema/identifier.js';
import { UsageError, type ExitCode } from './failure.js';
import { sentenceOf } from '../state-log.js';
import { Terminal } from './terminal.js';

/** What a command works with. */
export interface Session {
  readonly terminal: Terminal;
  readonly dataSource: DataSource;
  readonly database: Database;
  readonly options: ResolvedOptions;
  readonly schema: QuotedIdentifier;
  readonly service: EventTriggersService;
}

/** The options that every command has. */
export interface CommonOptions {
  readonly url?: string;
  readonly schema: string;
  readonly application?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** For what concerns all applications of a database: who looks after that may stand in no folder of any. */
export const ALL_APPLICATIONS = '*';

/** No program looks for a name above itself: whose triggers are meant, the working directory tells. */
const NO_PROGRAM = '';

/**
 * Connects, does the work of a command, and lets go.
 *
 * @param more options as those of the module that the command takes
 */
export async function inSession(
  command: Command,
  work: (session: Session) => Promise<ExitCode | void>,
  more: EventTriggersOptions = {},
): Promise<void> {
  const common = command.optsWithGlobals<CommonOptions>();
  const terminal = terminalOf(command);
  const options = optionsOf(common, more);
  const dataSource = await connect(common);
  const database = Database.of(dataSource);
  try {
    const schema = quoteIdentifier(options.schema);
    const service = new EventTriggersService(dataSource, options, NO_LIFECYCLE);
    const code = await work({ terminal, dataSource, database, options, schema, service });
    if (code !== undefined) process.exitCode = code;
  } finally {
    await database.close();
    await dataSource.destroy();
  }
}

export function terminalOf(command: Command): Terminal {
  const { json = false, quiet = false } = command.optsWithGlobals<CommonOptions>();
  const terminal = new Terminal({ json, quiet });
  // What the application would log is told by the commands themselves.
  Logger.overrideLogger({
    log: () => undefined,
    warn: (message: unknown) => terminal.warn(sentenceOf(String(message))),
    error: (message: unknown) => terminal.warn(sentenceOf(String(message))),
  });
  return terminal;
}

/** What replicas lack for a destination they tell themselves; no environment of theirs is here. */
const NO_LIFECYCLE = {
  health: () => ({ isHealthy: true, problems: [], drifted: [] }),
  load: () => null,
  problemsOfDestination: () => [],
};

function optionsOf(common: CommonOptions, more: EventTriggersOptions): ResolvedOptions {
  const application = common.application ?? more.application ?? applicationName(NO_PROGRAM);
  if (application === undefined) {
    throw new UsageError(
      'Whose triggers are meant cannot be told: no package.json above the working directory has a name',
      'Give --application, or go to the folder of the application.',
    );
  }
  return validateOptions(Object.assign({}, more, { application, schema: common.schema }));
}

function urlOf({ url }: Pick<CommonOptions, 'url'>): string {
  const given = url ?? process.env['DATABASE_URL'] ?? '';
  if (given !== '') return given;
  throw new UsageError('Which database is meant?', 'Give --url, or set DATABASE_URL.');
}

async function connect(common: CommonOptions): Promise<DataSource> {
  const url = urlOf(common);
  return new DataSource({
    type: 'postgres',
    url,
    // TypeORM reads no parameters of a URL, such as sslmode; the driver does.
    extra: { connectionString: url },
    applicationName: 'event-triggers command line',
    logging: false,
  }).initialize();
}
