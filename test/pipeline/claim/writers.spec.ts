import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TriggerId } from '../../../lib/pipeline/event.js';
import { SchemaMigrator } from '../../../lib/schema/schema-migrator.js';
import { startPostgres } from '../../support/postgres/start-postgres.mjs';
import { createEngine, emit, engineIn, SCHEMA, type Engine } from '../support/engine.js';
import type { TestDatabase } from '../../support/test-database.js';
import { TestDispatcher } from '../support/test-dispatcher.js';

describe.each(['repeatable read', 'serializable'])('a writer under %s', (level) => {
  let engine: Engine;
  let stream: TriggerId;
  let dispatcher: TestDispatcher;

  beforeAll(async () => {
    engine = await createEngine();
    stream = await engine.addStream();
    dispatcher = await TestDispatcher.start(engine);
  });

  afterAll(() => engine.drop());

  it('has its events delivered, once, after its commit', async () => {
    const writer = await engine.database.client();
    await writer.query(`begin isolation level ${level}`);
    await writer.query('select 1');
    await engine.emit(stream, 2, 10);
    await emit(writer, engine.schema, stream, 2, 1);
    expect(await dispatcher.drain(stream)).toEqual([10, 11]);
    await writer.query('commit');

    expect(await dispatcher.drain(stream)).toEqual([1, 2]);
    expect(await dispatcher.drain(stream)).toEqual([]);
  });
});

describe('a writer that prepares its transaction', () => {
  let server: Awaited<ReturnType<typeof startPostgres>>;

  beforeAll(async () => {
    server = await startPostgres({ settings: { max_prepared_transactions: 3 } });
  });

  afterAll(() => server.stop());

  it('is passed by later events and has its own delivered after COMMIT PREPARED', async () => {
    const client = new pg.Client(server.url);
    await client.connect();
    await new SchemaMigrator(SCHEMA).migrate(client);
    const database: Pick<TestDatabase, 'url' | 'query' | 'drop'> = {
      url: server.url,
      query: async <Row extends pg.QueryResultRow>(sql: string, values?: unknown[]) =>
        (await client.query<Row>(sql, values)).rows,
      drop: () => Promise.resolve(),
    };
    const engine = engineIn(database as TestDatabase);
    const stream = await engine.addStream();
    const dispatcher = await TestDispatcher.start(engine);
    await client.query('begin');
    await emit(client, engine.schema, stream, 1, 1);
    await client.query(`prepare transaction 'writer'`);
    await engine.emit(stream, 1, 2);
    expect(await dispatcher.drain(stream)).toEqual([2]);
    await client.query(`commit prepared 'writer'`);

    expect(await dispatcher.drain(stream)).toEqual([1]);
    await engine.drop();
    await client.end();
  });
});
