import type { Database } from '../database.js';
import type { Blueprint } from '../event-triggers.lifecycle.js';
import { changeScript, type PlannedChange } from '../pipeline/attach/change-script.js';
import { planChanges } from '../pipeline/attach/reconcile-plan.js';
import { TriggerReconciler } from '../pipeline/attach/trigger-reconciler.js';
import { grantStatements, missingGrants } from '../schema/grants.js';
import { SchemaMigrator, type PendingMigration } from '../schema/schema-migrator.js';

/** What `apply` would do. */
export interface Plan {
  readonly migrations: readonly PendingMigration[];
  readonly changes: readonly PlannedChange[];
  readonly grants: readonly string[];
}

/** The step of the schema with which definitions can be looked at. */
const ATTACHES = 2;

/** @param role for which grants are wanted; none where it is null */
export async function planOf(
  database: Database,
  { options, wanted }: Blueprint,
  role: string | null,
): Promise<Plan> {
  const { schema, application, attachTimeout, dispatcher } = options;
  return database.use(async (connection) => {
    const migrations = await new SchemaMigrator(schema).pending(connection);
    const isEmpty = migrations.some(({ version }) => version <= ATTACHES);
    const settings = {
      application,
      install: 'apply',
      removeMissing: dispatcher !== false,
      attachTimeout,
    } as const;
    const changes = isEmpty
      ? planChanges(wanted, [], () => [], settings).map((change) => ({ change, statements: [] }))
      : await new TriggerReconciler(connection, schema).preview(wanted, settings);
    return { migrations, changes, grants: await grantsFor() };

    async function grantsFor(): Promise<string[]> {
      if (role === null) return [];
      const { rows } = await connection.query('select from pg_roles where rolname = $1', [role]);
      if (rows.length === 0 || migrations.length > 0) return grantStatements(schema, role);
      return grantStatements(schema, role, await missingGrants(connection, schema, role));
    }
  });
}

/** The plan for `psql`: each part a transaction of its own. */
export function scriptOf(schema: string, { migrations, changes, grants }: Plan): string {
  if (migrations.length + changes.length + grants.length === 0) return '-- nothing to do';
  return [
    '-- psql --set ON_ERROR_STOP=1 --file …',
    ...migrations.map(({ version, name, statements }) =>
      transaction([`-- migration ${version}: ${name}`, ...statements]),
    ),
    ...changes.map((planned) => transaction(changeScript(schema, planned))),
    ...(grants.length === 0 ? [] : [transaction(['-- what the role lacks', ...grants])]),
  ].join('\n\n');
}

function transaction(statements: readonly string[]): string {
  return ['begin;', ...statements.map(ended), 'commit;'].join('\n');
}

const ended = (statement: string): string => {
  const text = statement.trim();
  return text.startsWith('--') && !text.includes('\n') ? text : endedStatement(text);
};

const isComment = (text: string): boolean =>
  text.split('\n').every((line) => line.startsWith('--'));

const endedStatement = (text: string): string =>
  isComment(text) || text.endsWith(';') ? text : `${text};`;
