import type { INestApplicationContext } from '@nestjs/common';
import { EventTriggersService, type EventTriggerPayload } from 'nestjs-event-triggers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startApplication } from '../support/application.js';
import { payloadIn } from '../support/payload.js';
import {
  startFakeReceiver,
  type ReceivedRequest,
  type FakeReceiver,
} from 'nestjs-event-triggers/testing';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** Hours from UTC, and called IST like two other zones, so that its own name for a time is ambiguous. */
const TIME_ZONE = 'Asia/Kolkata';
/** The style that looks least like ISO 8601. */
const DATE_STYLE = 'German, DMY';
const ISO_IN_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/;
/** Longer than a test takes, and far below the offset of any time zone. */
const ABOUT_NOW_MS = 60_000;
/** A dispatcher looks after its bookkeeping of retries once a second: some have to come after that. */
const REFUSED_FOR_MS = 1_500;
/** Longer than a test waits. */
const NEVER_MS = 600_000;
const EVENTS = 3;

interface Order {
  id: number;
}

describe('on a database with another time zone and date style, created_at is in UTC', () => {
  let database: TestDatabase;
  let receiver: FakeReceiver;
  const applications: INestApplicationContext[] = [];

  beforeEach(async () => {
    receiver = await startFakeReceiver();
    database = await createTestDatabase();
    const owner = await database.client();
    await owner.query(`alter database ${database.name} set timezone = '${TIME_ZONE}'`);
    await owner.query(`alter database ${database.name} set datestyle = '${DATE_STYLE}'`);
    await owner.query('create table orders (id int primary key)');
  });

  afterEach(async () => {
    await Promise.all(applications.splice(0).map((application) => application.close()));
    await receiver.close();
    await database.drop();
  });

  const boot = async () => {
    const application = await startApplication({
      database,
      eventTriggers: {
        retry: { strategy: 'fixed', delay: '100ms', attempts: 100 },
        // One event is sent and the others wait in memory; a replica that stops waits for nobody.
        dispatcher: { concurrency: 1, drainSeconds: 0 },
        triggers: [
          {
            name: 'order_created',
            table: 'orders',
            insert: true,
            manual: true,
            webhook: receiver.url,
          },
        ],
      },
    });
    applications.push(application);
    return application;
  };

  const payloads = (): EventTriggerPayload<Order>[] =>
    receiver.requests.map((request) => payloadIn<Order>(request));

  /** What receivers could not rely on: a time that is not about now in UTC, an event with two times or ids. */
  const mistakes = (): string[] => {
    const perOrder = new Map<number | undefined, Set<string>>();
    const wrongTimes: string[] = [];
    for (const { id, created_at, event } of payloads()) {
      const isAboutNow = Math.abs(Date.parse(created_at) - Date.now()) < ABOUT_NOW_MS;
      if (!ISO_IN_UTC.test(created_at) || !isAboutNow) wrongTimes.push(created_at);
      const order = event.data.new?.id;
      perOrder.set(order, (perOrder.get(order) ?? new Set()).add(`${id} of ${created_at}`));
    }
    const ambiguous = [...perOrder].filter(([, seen]) => seen.size > 1);
    return [
      ...wrongTimes,
      ...ambiguous.map(([order, seen]) => `order ${order} is ${[...seen].join(' and ')}`),
    ];
  };

  /** A batch of which the first event is under way and the others wait in the replica. */
  const leaveBatchHalfDone = async () => {
    receiver.respondWith({ delayMs: NEVER_MS });
    const application = await boot();
    await database.query(`insert into orders select g from generate_series(1, ${EVENTS}) g`);
    await receiver.waitFor(1);
    return application;
  };

  const deliverTheRest = async () => {
    receiver.respondWith({ status: 200 });
    await boot();
    // The one that was under way comes a second time.
    await receiver.waitFor(EVENTS + 1);
  };

  it('at the first attempt and at all that follow', async () => {
    const [session] = await database.query(
      `select current_setting('timezone') as zone, current_setting('datestyle') as style`,
    );
    expect(session, 'what every session is given').toEqual({ zone: TIME_ZONE, style: DATE_STYLE });
    const sinceFirst = ({ at }: ReceivedRequest) =>
      at.getTime() - receiver.requests[0]!.at.getTime();
    receiver.respondWith((request) => ({
      status: sinceFirst(request) < REFUSED_FOR_MS ? 503 : 200,
    }));
    await boot();

    await database.query('insert into orders values (1)');

    await receiver.waitFor((request) => sinceFirst(request) >= REFUSED_FOR_MS);
    expect(mistakes(), `at ${new Date().toISOString()}`).toEqual([]);
  });

  it('for what a stopped replica hands back', async () => {
    const stopped = await leaveBatchHalfDone();

    await stopped.close();
    await deliverTheRest();

    expect(mistakes(), `at ${new Date().toISOString()}`).toEqual([]);
  });

  it('for what a dead replica leaves behind', async () => {
    await leaveBatchHalfDone();

    await database.query(
      `update event_triggers.dispatcher set lease_until = clock_timestamp() - interval '1 second'`,
    );
    await deliverTheRest();

    expect(mistakes(), `at ${new Date().toISOString()}`).toEqual([]);
    const taken = await database.query('select leases from event_triggers.batch where size > 0');
    expect(taken, 'the batch was taken over').toEqual([{ leases: 2 }]);
  });

  it('for what is invoked by hand, under the id that the caller is told', async () => {
    const application = await boot();

    const id = await application.get(EventTriggersService).invoke('order_created', { id: 1 });

    await receiver.waitFor(1);
    expect(payloads()[0]?.id, 'the id on the wire is the one that invoke returned').toBe(id);
    expect(mistakes(), `at ${new Date().toISOString()}`).toEqual([]);
  });
});
