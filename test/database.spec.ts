import { DataSource, type DataSourceOptions } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '../lib/database.js';
import { startPostgres, type RunningPostgres } from './support/postgres/start-postgres.mjs';

const PASSWORD = "it's a secret";

/** The other tests reach a server that trusts everybody. */
describe('the connections of the package', () => {
  let server: RunningPostgres;
  let dataSource: DataSource;

  beforeAll(async () => {
    server = await startPostgres({ password: PASSWORD });
  });
  afterEach(() => dataSource.destroy());
  afterAll(() => server.stop());

  const parts = () => {
    const { hostname, port, username } = new URL(server.url);
    return { host: hostname, port: Number(port), username, database: 'postgres' };
  };

  it.each<[string, () => object]>([
    ['a connection string', () => ({ url: server.url })],
    ['a password among the options', () => ({ ...parts(), password: PASSWORD })],
    ['a function that gives the password', () => ({ ...parts(), password: () => PASSWORD })],
    [
      'the primary of a replicated set',
      () => ({ replication: { master: { ...parts(), password: PASSWORD }, slaves: [] } }),
    ],
  ])('know the password of a data source that is given by %s', async (_, options) => {
    dataSource = new DataSource({ type: 'postgres', ...options() } as DataSourceOptions);
    await dataSource.initialize();
    const database = Database.of(dataSource);
    const rows = await database.query('select 1 as answer');
    await database.close();
    expect(rows).toEqual([{ answer: 1 }]);
  });
});
