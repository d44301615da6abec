import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SchemaMigrator } from '../../../lib/schema/schema-migrator.js';
import { startPostgres } from '../../support/postgres/start-postgres.mjs';
import {
  createCapturedDatabase,
  reconcile,
  SCHEMA,
  trigger,
  type CapturedDatabase,
} from '../support/captured-database.js';

/** Longer than a notification takes on a busy machine. */
const SILENCE = 300;

async function listen(client: pg.Client): Promise<pg.Notification[]> {
  const heard: pg.Notification[] = [];
  client.on('notification', (notification) => heard.push(notification));
  await client.query(`listen ${SCHEMA}`);
  return heard;
}

const asleep = `select setval('event_triggers.awake_until', 1)`;
const awake = `select setval('event_triggers.awake_until', extract(epoch from clock_timestamp())::bigint + 60)`;

describe('a captured change', () => {
  let database: CapturedDatabase;
  let heard: pg.Notification[];
  beforeEach(async () => {
    database = await createCapturedDatabase();
    await database.query('create table t (id int primary key)');
    await database.reconcile([trigger({ table: 't', insert: {} })]);
    heard = await listen(await database.client());
  });
  afterEach(() => database.drop());

  it('wakes nobody before a dispatcher has said that it listens', async () => {
    await database.query('insert into t values (1)');
    await sleep(SILENCE);
    expect(heard).toEqual([]);
  });

  it('wakes nobody while a dispatcher is awake', async () => {
    await database.query(awake);
    await database.query('insert into t values (1)');
    await sleep(SILENCE);
    expect(heard).toEqual([]);
  });

  it('wakes those who sleep once per transaction, and only when it commits', async () => {
    await database.query(asleep);
    await database.query('begin; insert into t values (1); rollback');
    await database.query('insert into t values (2), (3)');
    await sleep(SILENCE);
    expect(heard.map(({ channel, payload }) => [channel, payload])).toEqual([[SCHEMA, '']]);
  });

  it('sees the present state of sleep in a transaction with an old snapshot', async () => {
    const writer = await database.client();
    await database.query(awake);
    await writer.query('begin isolation level repeatable read; select * from t');
    await database.query(asleep);
    await writer.query('insert into t values (1); commit');
    await sleep(SILENCE);
    expect(heard).toHaveLength(1);
  });
});

describe('on a server that allows prepared transactions', () => {
  let server: Awaited<ReturnType<typeof startPostgres>>;
  beforeAll(async () => {
    server = await startPostgres({ settings: { max_prepared_transactions: 3 } });
  });
  afterAll(() => server.stop());

  it('a captured change can be prepared, and nothing is notified', async () => {
    const client = new pg.Client(server.url);
    await client.connect();
    try {
      await new SchemaMigrator(SCHEMA).migrate(client);
      await client.query('create table t (id int primary key)');
      await reconcile(client, [trigger({ table: 't', insert: {} })]);
      const heard = await listen(client);
      await client.query(asleep);
      await client.query(`begin; insert into t values (1); prepare transaction 'p'`);
      const before = await client.query('select from event_triggers.event');
      await client.query(`commit prepared 'p'`);
      const after = await client.query('select from event_triggers.event');
      await sleep(SILENCE);
      expect([before.rowCount, after.rowCount, heard]).toEqual([0, 1, []]);
    } finally {
      await client.end();
    }
  });
});
