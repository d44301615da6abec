import type { Database } from '../../database.js';
import type { QuotedIdentifier } from '../../schema/identifier.js';
import type { StoredTrigger } from '../attach/stored-trigger.js';
import { knownTriggersStatements, type KnownTriggersStatements } from './known-triggers.sql.js';

interface TriggerRow {
  id: number;
  name: string;
  application: string;
  definition: Omit<StoredTrigger, 'id' | 'name' | 'application'>;
}

/**
 * The definitions of this application as they stand in the database.
 *
 * What another replica, a newer build or a person changed there holds for this dispatcher too; a trigger
 * that is removed stays known, because what waits in its stream is still to be delivered.
 */
export class KnownTriggers {
  private readonly statements: KnownTriggersStatements;
  private revision: string | null = null;

  constructor(
    private readonly database: Database,
    schema: QuotedIdentifier,
    private readonly application: string,
  ) {
    this.statements = knownTriggersStatements(schema);
  }

  /** All definitions, or null when none has changed since the last call. */
  async changed(): Promise<StoredTrigger[] | null> {
    const rows = await this.database.run('event-triggers:revision', this.statements.revision, [
      this.application,
    ]);
    const revision = rows[0]?.[0] ?? null;
    if (revision === this.revision) return null;
    const triggers = await this.database.query<TriggerRow>(this.statements.triggers, [
      this.application,
    ]);
    this.revision = revision;
    return triggers.map(({ id, name, application, definition }) => ({
      ...definition,
      id: id as StoredTrigger['id'],
      name,
      application,
    }));
  }

  /** The number that makes this database's event ids unlike all others. */
  async installation(): Promise<number> {
    const rows = await this.database.query<{ id: string }>(this.statements.installation);
    return Number(rows[0]?.id);
  }
}
