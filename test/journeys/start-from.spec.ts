import type { INestApplicationContext } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startApplication } from '../support/application.js';
import { payloadIn } from '../support/payload.js';
import { startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/wait-until.js';
import { someoneWaits, type CapturedDatabase } from '../pipeline/support/captured-database.js';

describe('a release with a new trigger that starts in the past', () => {
  let database: TestDatabase;
  let receivers: FakeReceiver[];
  const applications: INestApplicationContext[] = [];

  beforeEach(async () => {
    receivers = await Promise.all([startFakeReceiver(), startFakeReceiver()]);
    database = await createTestDatabase();
    await database.query('create table orders (id int primary key, secret text)');
  });
  afterEach(async () => {
    await Promise.all(applications.splice(0).map((application) => application.close()));
    await Promise.all(receivers.map((receiver) => receiver.close()));
    await database.drop();
  });

  const mail = () => ({ name: 'order_mail', webhook: receivers[0]!.url, insert: true as const });
  const search = () => ({
    name: 'order_search',
    webhook: receivers[1]!.url,
    insert: { payload: ['id'] },
    startFrom: '1d',
  });
  const boot = async (...triggers: object[]): Promise<void> => {
    const application = await startApplication({
      database,
      eventTriggers: {
        triggers: triggers.map((trigger) => ({
          table: 'orders',
          ...(trigger as ReturnType<typeof mail>),
        })),
      },
    });
    applications.push(application);
  };
  const received = (place: number): number[] =>
    receivers[place]!.requests.map(
      (request) => (payloadIn(request).event.data.new as { id: number }).id,
    ).toSorted((one, other) => one - other);

  it('delivers the past once, beside the release before and its writers', async () => {
    await boot(mail());
    await database.query(`insert into orders select n, 'x' from generate_series(1, 50) n`);
    await eventually(() => received(0).length === 50, { describe: 'the first orders' });
    const writer = await database.client();
    await writer.query('begin');
    await writer.query(`insert into orders values (51, 'x')`);

    const booting = boot(mail(), search());
    await someoneWaits(database as CapturedDatabase);
    // The log is cut meanwhile: the copies are in a transaction that runs on.
    await database.query('create table elsewhere (id int)');
    await database.query('select event_triggers.tick_v1()');
    await writer.query('commit');
    await booting;
    await database.query(`insert into orders values (52, 'x')`);

    const all = Array.from({ length: 52 }, (_, place) => place + 1);
    await eventually(() => received(1).length >= 52, {
      describe: 'all orders at the new receiver',
    });
    await eventually(() => received(0).length >= 52, { describe: 'all orders at the other one' });
    expect(received(1)).toEqual(all);
    expect(received(0)).toEqual(all);
    const [request] = receivers[1]!.requests;
    expect(payloadIn(request!).event.data.new, 'by its own definition').toEqual({ id: 1 });
    const ids = receivers.flatMap((one) => one.requests.map((two) => payloadIn(two).id));
    expect(new Set(ids).size, 'each has an id of its own').toBe(104);
  });
});
