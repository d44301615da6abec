import type { QuotedIdentifier } from './identifier.js';

/** What the text of a migration depends on. */
export interface MigrationContext {
  /** The schema's name, ready to stand in a statement. */
  readonly schema: QuotedIdentifier;
  /** The first half of every advisory key of this installation. */
  readonly lockKey: number;
}

/**
 * A numbered step of the schema. Once released its text never changes.
 *
 * Steps only add, so that the version before goes on running, restarting and rolling back beside this one.
 */
export interface Migration {
  readonly version: number;
  readonly name: string;
  /**
   * The lowest migration a build must know to work on a schema that has this one. It stays where it is as
   * long as steps only add.
   */
  readonly oldestReader: number;
  readonly sql: (context: MigrationContext) => string;
}
