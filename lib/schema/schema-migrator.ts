import { SchemaError } from '../event-triggers.errors.js';
import { advisoryKey, LOCK } from './advisory-lock.js';
import { quoteIdentifier, quoteLiteral, type QuotedIdentifier } from './identifier.js';
import type { Migration } from './migration.js';
import { MIGRATIONS } from './migrations.js';

/** One connection to the database; the statements of a migration must not be spread over several. */
export interface MigrationConnection {
  query(text: string, values?: readonly unknown[]): Promise<{ rows: unknown[] }>;
}

/** A step that is not applied yet, with the statements that apply it, in one transaction. */
export interface PendingMigration {
  readonly version: number;
  readonly name: string;
  readonly statements: readonly string[];
}

interface AppliedMigration {
  version: number;
  oldest_reader: number;
}

/**
 * Brings the schema to this build's version.
 *
 * Comes in: a connection. Goes out: a schema that this build can work on, or an error and a schema as it
 * was. What must hold: replicas that boot together apply each step once; a schema that a newer build has
 * made unreadable is refused before anything is touched. A crash here rolls back.
 */
export class SchemaMigrator {
  private readonly schema: QuotedIdentifier;

  constructor(
    private readonly schemaName: string,
    private readonly migrations: readonly Migration[] = MIGRATIONS,
  ) {
    this.schema = quoteIdentifier(schemaName);
  }

  /** Applies what is missing. Safe when many replicas boot at once. */
  async migrate(connection: MigrationConnection): Promise<void> {
    await this.refuseEncoding(connection);
    await connection.query('begin');
    try {
      // A limit of the host's own must not end the wait for other replicas, nor a step halfway.
      await connection.query(
        `select set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true)`,
      );
      // The transaction's lock and not the session's: a pooler may hand the next call to another session.
      await connection.query('select pg_advisory_xact_lock($1, $2)', [
        advisoryKey(this.schemaName),
        LOCK.migrate,
      ]);
      const applied = await this.applied(connection);
      this.refuseNewerSchema(applied);
      for (const migration of this.missing(applied)) await this.apply(connection, migration);
      await connection.query('commit');
    } catch (error) {
      await connection.query('rollback').catch(() => undefined);
      throw error;
    }
  }

  /** Changes nothing and throws a `SchemaError` unless this build can work on the schema as it is. */
  async verify(connection: MigrationConnection): Promise<void> {
    await this.refuseEncoding(connection);
    const applied = await this.applied(connection);
    this.refuseNewerSchema(applied);
    const missing = this.missing(applied).map(({ version, name }) => `${version} (${name})`);
    if (missing.length === 0) return;
    throw new SchemaError(`The schema ${this.schema} lacks the migrations ${missing.join(', ')}`, {
      hint: "Boot one process with install: 'apply' and a role that may create objects.",
    });
  }

  /** What `migrate` would do, without doing so. Throws a `SchemaError` as `migrate`. */
  async pending(connection: MigrationConnection): Promise<PendingMigration[]> {
    await this.refuseEncoding(connection);
    const applied = await this.applied(connection);
    this.refuseNewerSchema(applied);
    return this.missing(applied).map((migration) => ({
      version: migration.version,
      name: migration.name,
      statements: [
        `select pg_advisory_xact_lock(${advisoryKey(this.schemaName)}, ${LOCK.migrate})`,
        ...this.applying(migration),
      ],
    }));
  }

  /** What receivers answer is Unicode, and one answer that cannot be stored would hold up all that follow. */
  private async refuseEncoding(connection: MigrationConnection): Promise<void> {
    const { rows } = await connection.query('select getdatabaseencoding() as encoding');
    const { encoding } = rows[0] as { encoding: string };
    if (encoding === 'UTF8') return;
    throw new SchemaError(`The database is encoded in ${encoding}; event triggers need UTF8`, {
      hint: "Move it to a database that was created with encoding 'UTF8'.",
    });
  }

  private async applied(connection: MigrationConnection): Promise<AppliedMigration[]> {
    const { rows } = await connection.query('select to_regclass($1) is not null as exists', [
      `${this.schema}.migration`,
    ]);
    if (!(rows[0] as { exists: boolean }).exists) return [];
    const ledger = await connection.query(
      `select version, oldest_reader from ${this.schema}.migration order by version`,
    );
    return ledger.rows as AppliedMigration[];
  }

  private missing(applied: readonly AppliedMigration[]): Migration[] {
    const present = new Set(applied.map(({ version }) => version));
    return this.migrations.filter(({ version }) => !present.has(version));
  }

  private refuseNewerSchema(applied: readonly AppliedMigration[]): void {
    const own = this.migrations.at(-1)?.version ?? 0;
    const newest = applied.at(-1);
    const oldestReader = Math.max(0, ...applied.map((migration) => migration.oldest_reader));
    if (newest === undefined || oldestReader <= own) return;
    throw new SchemaError(
      `The schema ${this.schema} is at version ${newest.version} and can be read by builds that know version ${oldestReader} or later; this one knows ${own}`,
      { hint: 'Deploy a newer version of nestjs-event-triggers, or name another schema.' },
    );
  }

  private async apply(connection: MigrationConnection, migration: Migration): Promise<void> {
    for (const statement of this.applying(migration)) await connection.query(statement);
  }

  private applying(migration: Migration): string[] {
    const { version, name, oldestReader } = migration;
    return [
      ...(version === this.migrations[0]?.version ? [this.createLedger()] : []),
      this.text(migration),
      `insert into ${this.schema}.migration (version, name, oldest_reader) values (${version}, ${quoteLiteral(name)}, ${oldestReader})`,
    ];
  }

  private text(migration: Migration): string {
    return migration.sql({ schema: this.schema, lockKey: advisoryKey(this.schemaName) });
  }

  private createLedger(): string {
    return `
create schema if not exists ${this.schema};
create table if not exists ${this.schema}.migration (
  version integer primary key,
  name text not null,
  oldest_reader integer not null,
  applied_at timestamptz not null default clock_timestamp()
);`;
  }
}
