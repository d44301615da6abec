import type { Database } from '../../database.js';
import type { QuotedIdentifier } from '../../schema/identifier.js';
import {
  storedTrigger,
  type StoredTrigger,
  type TriggerContent,
  type TriggerRow,
} from '../attach/stored-trigger.js';
import { knownTriggersStatements, type KnownTriggersStatements } from './known-triggers.sql.js';

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
    const triggers = await this.database.query<
      Omit<TriggerRow, 'definition'> & { definition: string }
    >(this.statements.triggers, [this.application]);
    this.revision = revision;
    return triggers.map((row) =>
      // As text, since the host may have told its driver to read json in another way.
      storedTrigger({ ...row, definition: JSON.parse(row.definition) as TriggerContent }),
    );
  }

  /** The number that makes this database's event ids unlike all others. */
  async installation(): Promise<number> {
    const rows = await this.database.query<{ id: string }>(this.statements.installation);
    return Number(rows[0]?.id);
  }
}
