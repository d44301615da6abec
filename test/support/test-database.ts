import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { DataSourceOptions } from 'typeorm';
import { inject } from 'vitest';

export interface TestDatabase {
  readonly name: string;
  readonly url: string;
  /** For `TypeOrmModule.forRoot` or `new DataSource`. */
  readonly dataSourceOptions: Extract<DataSourceOptions, { type: 'postgres' }>;
  query<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    sql: string,
    parameters?: unknown[],
  ): Promise<Row[]>;
  /** A connection of its own, for transactions and locks. */
  client(): Promise<pg.Client>;
  /** Closes the connections that were made here. */
  disconnect(): Promise<void>;
  /** Ends everybody's connections and removes the database. */
  drop(): Promise<void>;
}

export interface TestDatabaseOptions {
  /** A name that `prepareTemplateDatabase` has returned. Default: an empty database. */
  template?: string;
  /** Default: that of the server. */
  encoding?: string;
}

/** Creates a database that no other test file knows. */
export async function createTestDatabase({
  encoding,
  template = encoding === undefined ? 'template1' : 'template0',
}: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const name = `${inject('databasePrefix')}_${randomBytes(6).toString('hex')}`;
  await onServer((server) =>
    server.query(
      `create database ${pg.escapeIdentifier(name)} template ${pg.escapeIdentifier(template)}${
        encoding === undefined ? '' : ` encoding ${pg.escapeLiteral(encoding)} locale 'C'`
      }`,
    ),
  );
  return openTestDatabase(name);
}

/**
 * Prepares a database once per run, in whichever test file comes first, and returns the
 * name to create copies from. `prepare` closes every connection of its own.
 */
export async function prepareTemplateDatabase(
  purpose: string,
  prepare: (database: TestDatabase) => Promise<void>,
): Promise<string> {
  const name = `${inject('databasePrefix')}_template_${purpose}`;
  await onServer(async (server) => {
    // Other test files wait here until the template is complete or has failed.
    await server.query('select pg_advisory_lock(hashtext($1))', [name]);
    const { rowCount } = await server.query('select from pg_database where datname = $1', [name]);
    if (rowCount) return;
    const draft = await createTestDatabase();
    await prepare(draft);
    await draft.disconnect();
    await server.query(
      `alter database ${pg.escapeIdentifier(draft.name)} rename to ${pg.escapeIdentifier(name)}`,
    );
  });
  return name;
}

function openTestDatabase(name: string): TestDatabase {
  const url = urlOf(name);
  const pool = new pg.Pool({ connectionString: url, allowExitOnIdle: true });
  // Tests restart servers and drop databases; who uses a lost connection is told then.
  pool.on('error', () => {});
  const clients: pg.Client[] = [];

  async function disconnect(): Promise<void> {
    const open = clients.splice(0);
    await Promise.all([...open.map((client) => client.end()), pool.ended ? undefined : pool.end()]);
  }

  return {
    name,
    url,
    dataSourceOptions: { type: 'postgres', url },
    query: async <Row extends pg.QueryResultRow>(sql: string, parameters?: unknown[]) =>
      (await pool.query<Row>(sql, parameters)).rows,
    async client() {
      const client = new pg.Client(url);
      client.on('error', () => {});
      clients.push(client);
      await client.connect();
      return client;
    },
    disconnect,
    async drop() {
      await disconnect();
      await onServer((server) =>
        server.query(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`),
      );
    },
  };
}

function urlOf(database: string): string {
  const url = new URL(inject('serverUrl'));
  url.pathname = `/${database}`;
  return url.href;
}

async function onServer<T>(work: (server: pg.Client) => Promise<T>): Promise<T> {
  const server = new pg.Client(inject('serverUrl'));
  await server.connect();
  try {
    return await work(server);
  } finally {
    await server.end();
  }
}
