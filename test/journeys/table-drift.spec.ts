import type { INestApplicationContext } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startApplication } from '../support/application.js';
import { payloadIn } from '../support/payload.js';
import { startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/wait-until.js';

describe('deliveries go on', () => {
  let database: TestDatabase;
  let receiver: FakeReceiver;
  let application: INestApplicationContext | undefined;

  beforeEach(async () => {
    receiver = await startFakeReceiver();
    database = await createTestDatabase();
  });

  afterEach(async () => {
    await application?.close();
    application = undefined;
    await receiver.close();
    await database.drop();
  });

  const boot = async (trigger: object) => {
    application = await startApplication({
      database,
      eventTriggers: {
        triggers: [{ name: 'order_changed', table: 'orders', webhook: receiver.url, ...trigger }],
      },
    });
  };

  const requestsFor = (id: number) =>
    receiver.requests.filter((request) => payloadIn(request).event.data.new?.['id'] === id);

  const dataOf = (id: number) => payloadIn(requestsFor(id).at(-1)!).event.data;

  it('while columns of the payload are dropped and renamed, and what is added does not leak', async () => {
    await database.query(
      'create table orders (id int primary key, email text, total int, note text)',
    );
    const payload = ['id', 'email', 'total'];
    // More attempts than can be made before the receiver is mended.
    await boot({ insert: { payload }, update: { payload }, retry: { attempts: 1_000 } });
    let mended = false;
    receiver.respondWith(() => ({ status: mended ? 200 : 503 }));
    await database.query(`insert into orders values (1, 'ada@example.com', 10, 'n')`);
    await receiver.waitFor(1);

    await database.query('alter table orders drop column email');
    await database.query('alter table orders rename column total to amount');
    await database.query(`alter table orders add column iban text default 'DE02'`);
    mended = true;
    await database.query(`insert into orders values (2, 20, 'n')`);
    await database.query(`update orders set amount = 21 where id = 2`);

    await eventually(() => requestsFor(1).length > 1 && requestsFor(2).length === 2, {
      describe: 'a retry of the first order, an insert and an update of the second',
    });
    expect(dataOf(1), 'what was captured before is sent as it was').toEqual({
      old: null,
      new: { id: 1, email: 'ada@example.com', total: 10 },
    });
    const later = requestsFor(2).map((request) => payloadIn(request).event);
    expect(
      new Map(later.map(({ op, data }) => [op, data])),
      'of the listed columns, those that are there',
    ).toEqual(
      new Map<string, object>([
        ['INSERT', { old: null, new: { id: 2 } }],
        ['UPDATE', { old: { id: 2 }, new: { id: 2 } }],
      ]),
    );
    await eventually(
      async () => {
        const left = await database.query('select from event_triggers.retry');
        expect(left, 'events that wait for another attempt').toHaveLength(0);
        return true;
      },
      { describe: 'everything to be delivered' },
    );
  });

  it('beside a row that a receiver chokes on, which becomes a dead letter with its payload', async () => {
    await database.query('create table orders (id int primary key, document json)');
    await boot({ insert: true, retry: { attempts: 2 } });
    const document = String.raw`{"name" : "a\u0000b", "exact": 1.50}`;
    receiver.respondWith(({ body }) =>
      body.includes(String.raw`\u0000`)
        ? { status: 500, body: 'cannot store a\u0000b' }
        : { status: 200 },
    );

    await database.query(`insert into orders values (1, '{}'), (2, $1), (3, '{}')`, [document]);

    const dead = await eventually(
      async () => {
        const rows = await database.query(
          'select attempts, reason, new::text from event_triggers.dead_letter',
        );
        return rows.length > 0 && rows;
      },
      { describe: 'the dead letter' },
    );
    const image = `{"id":2,"document":${document}}`;
    expect(dead, 'it keeps its payload, byte for byte').toEqual([
      { attempts: 2, reason: 'exhausted', new: image },
    ]);
    expect(requestsFor(2)[0]?.body, 'as Postgres printed it').toContain(`"new":${image}`);
    const attempts = await database.query(
      `select e.key as order, a.number, a.outcome::text, a.response_body
         from event_triggers.attempt a
         join event_triggers.event e
           on e.id = a.event_id
        order by e.id, a.number`,
    );
    expect(attempts, 'its neighbours were not held up, and every answer is written down').toEqual([
      { order: '1', number: 1, outcome: 'delivered', response_body: '' },
      { order: '2', number: 1, outcome: 'retry', response_body: 'cannot store a\uFFFDb' },
      { order: '2', number: 2, outcome: 'dead', response_body: 'cannot store a\uFFFDb' },
      { order: '3', number: 1, outcome: 'delivered', response_body: '' },
    ]);
  });
});
