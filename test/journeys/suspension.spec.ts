import type { INestApplicationContext } from '@nestjs/common';
import type { EventTriggersOptions } from 'nestjs-event-triggers';
import { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startApplication } from '../support/application.js';
import { startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/wait-until.js';

const SUSPENDED = { suspendAfter: '1s', lookEvery: '1h' } as const;

describe('a replica that lets its database sleep', () => {
  let database: TestDatabase;
  let receiver: FakeReceiver;
  let application: INestApplicationContext | null = null;

  beforeEach(async () => {
    receiver = await startFakeReceiver();
    database = await createTestDatabase();
    await database.query('create table orders (id int primary key)');
  });
  afterEach(async () => {
    await application?.close();
    application = null;
    await receiver.close();
    await database.drop();
  });

  const boot = async (
    options: Pick<EventTriggersOptions, 'dispatcher' | 'retry'>,
  ): Promise<DataSource> => {
    application = await startApplication({
      database,
      eventTriggers: {
        triggers: [{ name: 'order_created', table: 'orders', insert: true, webhook: receiver.url }],
        dispatcher: options.dispatcher,
        retry: options.retry,
      },
    });
    return application.get(DataSource);
  };
  const connections = async (): Promise<number> => {
    const [row] = await database.query<{ count: number }>(
      `select count(*)::int as count from pg_stat_activity
        where datname = current_database() and application_name = 'event-triggers'`,
    );
    return row!.count;
  };
  const suspended = (): Promise<unknown> =>
    eventually(async () => (await connections()) === 0, {
      describe: 'no connection of the dispatcher',
      timeoutMs: 20_000,
    });

  it('is back when the application commits, and leaves again', async () => {
    const source = await boot({ dispatcher: SUSPENDED });
    await suspended();

    await source.transaction((manager) => manager.query('insert into orders values (1)'));

    await receiver.waitFor(1);
    await suspended();
    await source.transaction((manager) => manager.query('insert into orders values (2)'));
    expect(await receiver.waitFor(2)).toHaveLength(2);
  });

  it('is back after a while for what others wrote', async () => {
    await boot({ dispatcher: { ...SUSPENDED, lookEvery: '2s' } });
    await suspended();

    await database.query('insert into orders values (1)');

    expect(await receiver.waitFor(1)).toHaveLength(1);
  });

  it('is back when a retry is due', async () => {
    receiver.respondWith({ status: 500 });
    const source = await boot({
      dispatcher: SUSPENDED,
      retry: { strategy: 'fixed', delay: '4s', jitter: false },
    });
    await source.transaction((manager) => manager.query('insert into orders values (1)'));
    await receiver.waitFor(1);
    receiver.respondWith({ status: 200 });
    await suspended();

    expect(await receiver.waitFor(2)).toHaveLength(2);
  });

  it('is not called back by what waits of a trigger that is paused', async () => {
    receiver.respondWith({ status: 500 });
    const source = await boot({
      dispatcher: SUSPENDED,
      retry: { strategy: 'fixed', delay: '2s', jitter: false },
    });
    await source.transaction((manager) => manager.query('insert into orders values (1)'));
    await receiver.waitFor(1);
    await database.query(`select event_triggers.pause_delivery_v1(1, 'hand')`);
    await suspended();
    await eventually(
      async () =>
        (
          await database.query(
            `select from event_triggers.retry where due < now() - interval '1 second'`,
          )
        ).length,
      { describe: 'the retry to be due' },
    );

    expect(await connections(), 'connections of the dispatcher').toBe(0);
    expect(receiver.requests).toHaveLength(1);
  });

  it('stops at once while it is away, and does not come back', async () => {
    const source = await boot({ dispatcher: SUSPENDED });
    await suspended();

    await application!.close();
    application = null;

    expect(source.isInitialized).toBe(false);
    expect(await connections()).toBe(0);
  });
});
