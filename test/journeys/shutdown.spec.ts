import type { INestApplicationContext } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startApplication } from '../support/application.js';
import { payloadIn } from '../support/payload.js';
import { startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** Long enough to be in flight when the application stops. */
const SLOW_MS = 400;
const EVENTS = 20;
/** A lease of 3 s runs out, and others have looked for it, before a request of this length ends. */
const LONGER_THAN_A_LEASE_MS = 6_000;
/** Longer than a test waits. */
const NEVER_MS = 600_000;
const DRAIN_SECONDS = 1;
/** With what closing an application takes beside it. */
const CLOSED_WITHIN_MS = 3_000;
/** No timer fires earlier than this before its time. */
const TIMER_MS = 2;
/** Far below the lease of 15 s. */
const AT_ONCE_MS = 5_000;

const ascending = (one: number, other: number): number => one - other;

describe('shutdown', () => {
  let database: TestDatabase;
  let receiver: FakeReceiver;
  let application: INestApplicationContext;

  beforeEach(async () => {
    receiver = await startFakeReceiver({ respond: { status: 200, delayMs: SLOW_MS } });
    database = await createTestDatabase();
    await database.query('create table orders (id int primary key)');
    application = await boot();
  });

  afterEach(async () => {
    await application.close();
    await receiver.close();
    await database.drop();
  });

  const boot = (dispatcher: { leaseSeconds?: number; drainSeconds?: number } = {}) =>
    startApplication({
      database,
      // Its own shutdown clears every timer of the registry, ours included.
      imports: [ScheduleModule.forRoot()],
      eventTriggers: {
        dispatcher: { concurrency: 4, drainSeconds: 5, ...dispatcher },
        triggers: [{ name: 'order_created', table: 'orders', insert: true, webhook: receiver.url }],
      },
    });

  const deliveredIds = () =>
    receiver.requests.map((request) => payloadIn<{ id: number }>(request).event.data.new!.id);

  it('lets requests end, records them, and hands back the rest to who comes next, once', async () => {
    await database.query(`insert into orders select g from generate_series(1, ${EVENTS}) g`);
    await receiver.waitFor(4);

    await application.close();

    const attempts = await database.query(
      `select from event_triggers.attempt where outcome = 'delivered'`,
    );
    expect(attempts, 'what was in flight is recorded before the application is gone').toHaveLength(
      receiver.requests.length,
    );
    receiver.respondWith({ status: 200 });
    const start = performance.now();
    application = await boot();
    await receiver.waitFor(EVENTS);
    expect(
      performance.now() - start,
      'nobody has to wait for a lease of 15 s to run out',
    ).toBeLessThan(AT_ONCE_MS);
    expect(deliveredIds().toSorted(ascending), 'each event once').toEqual(
      Array.from({ length: EVENTS }, (_, place) => place + 1),
    );
  });

  it('keeps its lease while requests end, so that nobody else sends them again', async () => {
    receiver.respondWith({ status: 200, delayMs: LONGER_THAN_A_LEASE_MS });
    await application.close();
    application = await boot({ leaseSeconds: 3, drainSeconds: 30 });
    await database.query('insert into orders values (1), (2)');
    await receiver.waitFor(2);
    const other = await boot({ leaseSeconds: 3 });

    await application.close();
    await other.close();

    expect(deliveredIds().toSorted(ascending), 'each event once').toEqual([1, 2]);
    const attempts = await database.query(
      `select from event_triggers.attempt where outcome = 'delivered'`,
    );
    expect(attempts, 'recorded by the one that sent them').toHaveLength(2);
  });

  it.each([
    ['a first attempt', 1],
    ['a retry', 2],
  ])(
    'waits for %s no longer than its deadline, and the next replica goes on at once',
    async (_case, attempt) => {
      receiver.respondWith((_request, index) =>
        index === attempt - 1 ? { delayMs: NEVER_MS } : { status: 503 },
      );
      await application.close();
      application = await boot({ drainSeconds: DRAIN_SECONDS });
      await database.query('insert into orders values (1)');
      await receiver.waitFor(attempt);
      const start = performance.now();

      await application.close();

      const closed = performance.now();
      expect(closed - start, 'the receiver was given its second').toBeGreaterThan(
        DRAIN_SECONDS * 1_000 - TIMER_MS,
      );
      expect(closed - start, 'and no longer').toBeLessThan(CLOSED_WITHIN_MS);
      receiver.respondWith({ status: 200 });
      application = await boot();
      await receiver.waitFor(attempt + 1);
      expect(performance.now() - closed, 'nobody waits for a lease to run out').toBeLessThan(
        AT_ONCE_MS,
      );
      const ids = new Set(receiver.requests.map((request) => payloadIn(request).id));
      expect(ids.size, 'it is the same event').toBe(1);
    },
  );
});
