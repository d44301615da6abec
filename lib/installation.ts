import type { Database } from './database.js';
import type { ResolvedOptions } from './event-triggers.options.js';
import type { WantedTrigger } from './pipeline/attach/stored-trigger.js';
import { TriggerReconciler, type ReconcileReport } from './pipeline/attach/trigger-reconciler.js';
import { requireGrants } from './schema/grants.js';
import { SchemaMigrator } from './schema/schema-migrator.js';

type InstallationOptions = Pick<
  ResolvedOptions,
  'schema' | 'install' | 'application' | 'attachTimeout' | 'dispatcher'
>;

/** Brings the schema and the triggers to what this release asks for, or with `install: 'verify'` looks whether they are. */
export async function installAll(
  database: Database,
  { schema, install, application, attachTimeout, dispatcher }: InstallationOptions,
  wanted: readonly WantedTrigger[],
): Promise<ReconcileReport> {
  return database.use(async (connection) => {
    const migrator = new SchemaMigrator(schema);
    if (install === 'verify') {
      await requireGrants(connection, schema);
      await migrator.verify(connection);
    } else await migrator.migrate(connection);
    return new TriggerReconciler(connection, schema).reconcile(wanted, {
      application,
      install,
      removeMissing: dispatcher !== false,
      attachTimeout,
    });
  });
}
