/** One Postgres server for the whole run; each test file makes its own databases on it. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { startPostgres } from './postgres/start-postgres.mjs';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Connection string of a user who may create databases. */
    serverUrl: string;
    /** Begins the name of every database of this run, as others may use the same server. */
    databasePrefix: string;
    /** Whether the server was started for this run, not given by DATABASE_URL. */
    serverIsEmbedded: boolean;
  }
}

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const databasePrefix = `event_triggers_test_${randomBytes(4).toString('hex')}`;
  const givenUrl = process.env['DATABASE_URL'];
  const embedded = givenUrl ? undefined : await startPostgres();
  const serverUrl = givenUrl ?? embedded?.url ?? '';
  project.provide('serverUrl', serverUrl);
  project.provide('databasePrefix', databasePrefix);
  project.provide('serverIsEmbedded', embedded !== undefined);

  return async () => {
    if (embedded) await embedded.stop();
    else await dropDatabases(serverUrl, databasePrefix);
  };
}

/** A test file that was ended half-way leaves its databases behind. */
async function dropDatabases(serverUrl: string, prefix: string): Promise<void> {
  const client = new pg.Client(serverUrl);
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      'select datname as name from pg_database where starts_with(datname, $1)',
      [prefix],
    );
    for (const { name } of rows) {
      await client.query(`drop database if exists ${client.escapeIdentifier(name)} with (force)`);
    }
  } finally {
    await client.end();
  }
}
