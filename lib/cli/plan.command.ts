import type { Command } from 'commander';
import type { DataSource } from 'typeorm';
import { Database } from '../database.js';
import { describeChange } from '../pipeline/attach/reconcile-plan.js';
import { withExamples } from './examples.js';
import { withHost } from './host-application.js';
import { planOf, scriptOf, type Plan } from './plan.js';
import { terminalOf, type CommonOptions } from './session.js';

/** What `plan` and `apply` take. */
export interface HostOptions extends CommonOptions {
  readonly app: string;
  readonly dataSource: string;
  readonly role?: string;
}

export function registerPlan(program: Command): void {
  withExamples(
    withHostOptions(program.command('plan'))
      .option('--role <name>', 'also what this role has to be granted to deliver and to look')
      .description('prints as SQL what starting the application would do to the database'),
    'plan --app dist/app.module.js',
    'plan --app dist/app.module.js#ShopModule --role shop | psql --set ON_ERROR_STOP=1',
  ).action(async (_: unknown, command: Command) => {
    const options = command.optsWithGlobals<HostOptions>();
    const terminal = terminalOf(command);
    await withHost(options, terminal, async (blueprint) => {
      const { schema } = blueprint.options;
      const database = databaseOf(options, blueprint);
      try {
        const plan = await planOf(database, blueprint, options.role ?? null);
        terminal.result(summaryOf(schema, plan), () => scriptOf(schema, plan));
      } finally {
        await database.close();
      }
    });
  });
}

/** Names, schema and application are the application's own here. */
export function withHostOptions(command: Command): Command {
  return command
    .requiredOption('--app <file#export>', 'the compiled root module (default export: AppModule)')
    .option('--data-source <name>', 'as the option of the module', 'default');
}

/** The role of --url may do more than the one that the application connects with. */
export function databaseOf(
  { url }: HostOptions,
  { dataSource }: { dataSource: DataSource },
): Database {
  return url === undefined ? Database.of(dataSource) : new Database({ connectionString: url });
}

function summaryOf(schema: string, plan: Plan): object {
  return {
    migrations: plan.migrations.map(({ version, name }) => ({ version, name })),
    changes: plan.changes.map(({ change, statements }) => ({
      kind: change.kind,
      trigger: change.kind === 'remove' ? change.existing.name : change.wanted.name,
      why: describeChange(change),
      statements,
    })),
    grants: plan.grants,
    sql: scriptOf(schema, plan),
  };
}
