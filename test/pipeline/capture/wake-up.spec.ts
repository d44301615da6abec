import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Database } from '../../../lib/database.js';
import { WakeUpListener } from '../../../lib/pipeline/claim/wake-up-listener.js';
import { quoteIdentifier } from '../../../lib/schema/identifier.js';
import { SchemaMigrator } from '../../../lib/schema/schema-migrator.js';
import { startPostgres } from '../../support/postgres/start-postgres.mjs';
import { eventually } from '../../support/wait-until.js';
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
const somebodyListens = `
  insert into event_triggers.dispatcher (id, application, lease_until, listens)
  values (gen_random_uuid(), 'shop', clock_timestamp() + interval '1 hour', true)`;
const awake = `select setval('event_triggers.awake_until', extract(epoch from clock_timestamp())::bigint + 60)`;

describe('a captured change', () => {
  let database: CapturedDatabase;
  let heard: pg.Notification[];
  beforeEach(async () => {
    database = await createCapturedDatabase();
    await database.query('create table t (id int primary key)');
    await database.reconcile([trigger({ table: 't', insert: {} })]);
    heard = await listen(await database.client());
    await database.query(somebodyListens);
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

  it('wakes nobody where all who listened have died, and does not ask again for a while', async () => {
    await database.query(asleep);
    await database.query(`update event_triggers.dispatcher set lease_until = '-infinity'`);
    await database.query('insert into t values (1)');
    const [gate] = await database.query(
      `select last_value > extract(epoch from clock_timestamp()) as set from event_triggers.awake_until`,
    );
    await sleep(SILENCE);
    expect(heard).toEqual([]);
    expect(gate, 'the time until which nobody asks').toEqual({ set: true });
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

  it('wakes from a transaction that is older than the lease of those who listen', async () => {
    const writer = await database.client();
    await database.query(`update event_triggers.dispatcher set lease_until = clock_timestamp()`);
    await writer.query('begin isolation level repeatable read; select * from t');
    await database.query(
      `update event_triggers.dispatcher set lease_until = clock_timestamp() + interval '1 hour'`,
    );
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

  it('no dispatcher counts on being woken', async () => {
    const client = new pg.Client(server.url);
    await client.connect();
    await new SchemaMigrator(SCHEMA).migrate(client);
    await client.end();
    const warnings: string[] = [];
    const database = new Database({ connectionString: server.url });
    const listener = new WakeUpListener(
      () => database.dedicated(),
      database,
      quoteIdentifier(SCHEMA),
      { log: () => undefined, warn: (message) => warnings.push(message) },
    );
    listener.start({
      rows: () => undefined,
      doubt: () => undefined,
      definitions: () => undefined,
      reconnected: () => undefined,
    });
    try {
      await eventually(() => warnings.length > 0 || listener.isWorking, {
        describe: 'the listener to know whether it is notified',
      });
      expect([listener.isWorking, warnings]).toEqual([
        false,
        [expect.stringContaining('max_prepared_transactions')],
      ]);
    } finally {
      await listener.stop();
      await database.close();
    }
  });

  it('a captured change can be prepared, and nothing is notified', async () => {
    const client = new pg.Client(server.url);
    await client.connect();
    try {
      await new SchemaMigrator(SCHEMA).migrate(client);
      await client.query('create table t (id int primary key)');
      await reconcile(client, [trigger({ table: 't', insert: {} })]);
      const heard = await listen(client);
      await client.query(somebodyListens);
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
