import { DataSource, type DataSourceOptions } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Database } from '../lib/database.js';
import { createTestDatabase, type TestDatabase } from './support/test-database.js';
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

/** Behind a pooler in transaction mode, a connection is another session for each statement. */
describe('statements that are planned once', () => {
  let server: TestDatabase;
  let database: Database;

  beforeAll(async () => {
    server = await createTestDatabase();
  });
  beforeEach(() => {
    database = new Database({ connectionString: server.url });
  });
  afterEach(() => database.close());
  afterAll(() => server.drop());

  const ask = (text = 'select $1::int + 1 as answer') => database.run('test:ask', text, [1]);
  const preparedNames = async () => {
    const rows = await database.query<{ name: string }>('select name from pg_prepared_statements');
    return rows.map(({ name }) => name);
  };

  it('are planned once', async () => {
    await ask();
    await ask();
    expect(await preparedNames()).toEqual([expect.stringMatching(/^test:ask:/)]);
  });

  it('are run where the session does not know them, because it is another one', async () => {
    await ask();
    await database.query('deallocate all');
    expect(await ask()).toEqual([['2']]);
    expect(await ask(), 'from then on').toEqual([['2']]);
  });

  it('are run where the session knows them already, from another client', async () => {
    await ask();
    const [name] = await preparedNames();
    await database.close();
    database = new Database({ connectionString: server.url });
    await database.query(`prepare "${name}" as select 0`);
    expect(await ask()).toEqual([['2']]);
  });

  it('are never taken for one of another schema or release, which has another text', async () => {
    await ask();
    await ask('select $1::int + 2 as answer');
    const names = await preparedNames();
    expect(new Set(names).size, `names of ${names.join(', ')}`).toBe(2);
  });

  it('tell other errors as they are', async () => {
    await expect(ask('select $1::int / 0')).rejects.toThrow('division by zero');
  });
});
