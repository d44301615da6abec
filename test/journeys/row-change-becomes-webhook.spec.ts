import type { INestApplicationContext } from '@nestjs/common';
import pg from 'pg';
import { EventTriggersService, type EventTriggerPayload } from 'nestjs-event-triggers';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startApplication } from '../support/application.js';
import { startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/wait-until.js';

describe('a committed row change becomes a webhook', () => {
  let database: TestDatabase;
  let receiver: FakeReceiver;
  let application: INestApplicationContext | undefined;

  beforeAll(async () => {
    database = await createTestDatabase();
    await database.query(
      'create table orders (id int primary key, total numeric not null, note text, secret text)',
    );
  });

  afterEach(async () => {
    await application?.close();
    application = undefined;
    await receiver.close();
  });

  afterAll(() => database.drop());

  const payloadOf = (body: string): EventTriggerPayload => JSON.parse(body) as EventTriggerPayload;

  it('sends an insert in the wire format, with the secret, and logs the attempt', async () => {
    receiver = await startFakeReceiver({ respond: { status: 200, body: 'thanks' } });
    application = await startApplication({
      database,
      eventTriggers: {
        webhookSecret: 'swordfish',
        triggers: [
          {
            name: 'order_created',
            table: 'orders',
            insert: { payload: ['id', 'total'] },
            webhook: `${receiver.url}/hook`,
          },
        ],
      },
    });

    await database.query(`insert into orders values (1, 10.50, 'hello', 'hidden')`);

    const [request] = await receiver.waitFor(1);
    const payload = payloadOf(request!.body);
    expect(request).toMatchObject({ method: 'POST', path: '/hook' });
    expect(request!.headers['nhost-webhook-secret']).toBe('swordfish');
    expect(request!.body, 'numbers keep the digits Postgres printed').toContain('"total":10.50');
    expect(payload.event).toEqual({
      op: 'INSERT',
      data: { old: null, new: { id: 1, total: 10.5 } },
      session_variables: null,
      trace_context: null,
    });
    expect(payload.table).toEqual({ schema: 'public', name: 'orders' });
    expect(payload.trigger).toEqual({ name: 'order_created' });
    await eventually(
      async () => {
        const attempts = await database.query(
          'select outcome::text, status, number, response_body from event_triggers.attempt',
        );
        expect(attempts).toEqual([
          { outcome: 'delivered', status: 200, number: 1, response_body: 'thanks' },
        ]);
        return true;
      },
      { describe: 'the attempt to be in the log' },
    );
  });

  it('tries again until the receiver accepts, with the same id, and counts the attempts', async () => {
    receiver = await startFakeReceiver({
      respond: (_request, index) => ({ status: index < 2 ? 503 : 200 }),
    });
    application = await startApplication({
      database,
      eventTriggers: {
        triggers: [
          {
            name: 'order_paid',
            table: 'orders',
            update: { columns: ['total'] },
            webhook: receiver.url,
          },
        ],
      },
    });

    await database.query('update orders set total = 11 where id = 1');

    const payloads = (await receiver.waitFor(3)).map(({ body }) => payloadOf(body));
    expect(new Set(payloads.map(({ id }) => id)).size, 'one id for all attempts').toBe(1);
    expect(payloads.map(({ delivery_info }) => delivery_info.current_retry)).toEqual([0, 1, 2]);
    await eventually(
      async () => {
        const left = await database.query('select from event_triggers.retry');
        expect(left, 'a delivered retry is no retry any more').toHaveLength(0);
        return true;
      },
      { describe: 'the retry to be gone' },
    );
  });

  it('makes a dead letter of an event whose attempts are used up', async () => {
    receiver = await startFakeReceiver({ respond: { status: 500 } });
    application = await startApplication({
      database,
      eventTriggers: {
        triggers: [
          {
            name: 'order_deleted',
            table: 'orders',
            delete: true,
            webhook: receiver.url,
            retry: { attempts: 2 },
          },
        ],
      },
    });
    await database.query(`insert into orders values (2, 1, null, null)`);

    await database.query('delete from orders where id = 2');

    await receiver.waitFor(2);
    await eventually(
      async () => {
        const dead = await database.query(
          `select attempts, reason, old ->> 'id' as id from event_triggers.dead_letter`,
        );
        expect(dead).toEqual([{ attempts: 2, reason: 'exhausted', id: '2' }]);
        return true;
      },
      { describe: 'the dead letter' },
    );
  });

  it('delivers what was committed after the trigger was attached and before anybody dispatched', async () => {
    receiver = await startFakeReceiver();
    const triggers = [
      { name: 'order_seen', table: 'orders', insert: true as const, webhook: receiver.url },
    ];
    const writerOnly = await startApplication({
      database,
      eventTriggers: { dispatcher: false, triggers },
    });
    await database.query(`insert into orders select g, 1 from generate_series(100, 149) g`);
    await writerOnly.close();

    application = await startApplication({ database, eventTriggers: { triggers } });

    const requests = await receiver.waitFor(50);
    const ids = requests.map(({ body }) => payloadOf(body).event.data.new?.['id']);
    expect(new Set(ids).size, 'each of the 50 rows once').toBe(50);
  });

  it('delivers although the host has its driver hand out json as text', async () => {
    const { JSON: json } = pg.types.builtins;
    const hostsOwn: unknown = pg.types.getTypeParser(json);
    onTestFinished(() => pg.types.setTypeParser(json, hostsOwn as (text: string) => unknown));
    pg.types.setTypeParser(json, (text) => text);
    receiver = await startFakeReceiver();
    application = await startApplication({
      database,
      eventTriggers: {
        triggers: [{ name: 'order_read', table: 'orders', insert: true, webhook: receiver.url }],
      },
    });

    await database.query('insert into orders values (3, 1)');

    const [request] = await receiver.waitFor(1);
    expect(payloadOf(request!.body).event.data.new).toMatchObject({ id: 3 });
  });

  it('delivers what the application invokes by hand, and only if its transaction commits', async () => {
    receiver = await startFakeReceiver();
    application = await startApplication({
      database,
      eventTriggers: {
        triggers: [
          { name: 'order_reviewed', table: 'orders', manual: true, webhook: receiver.url },
        ],
      },
    });
    const service = application.get(EventTriggersService);

    const id = await service.invoke('order_reviewed', { stars: 5 });

    const [request] = await receiver.waitFor(1);
    const payload = payloadOf(request!.body);
    expect(payload.id, 'the id that invoke returned is the one on the wire').toBe(id);
    expect(payload.event).toMatchObject({ op: 'MANUAL', data: { old: null, new: { stars: 5 } } });
    await expect(service.invoke('no_such_trigger', {})).rejects.toThrow(
      /no event trigger "no_such_trigger"/,
    );
  });
});
