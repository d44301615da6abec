import type { INestApplicationContext } from '@nestjs/common';
import { EventTriggersService, type EventTriggersOptions } from 'nestjs-event-triggers';
import { drain, startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startApplication } from '../support/application.js';
import { payloadIn } from '../support/payload.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

describe('whoever asks what happened', () => {
  let database: TestDatabase;
  let receiver: FakeReceiver;
  let application: INestApplicationContext;
  let service: EventTriggersService;

  beforeEach(async () => {
    receiver = await startFakeReceiver();
    database = await createTestDatabase();
    await database.query('create table orders (id int primary key, total bigint)');
  });
  afterEach(async () => {
    await application.close();
    await receiver.close();
    await database.drop();
  });

  async function start(more: Pick<EventTriggersOptions, 'dispatcher'> = {}): Promise<void> {
    application = await startApplication({
      database,
      eventTriggers: {
        retry: { attempts: 2, strategy: 'fixed', delay: '1h' },
        triggers: [{ name: 'order_created', table: 'orders', insert: true, webhook: receiver.url }],
        ...more,
      },
    });
    service = application.get(EventTriggersService);
  }

  it('is told of the event that a receiver saw, with its row and both attempts', async () => {
    await start();
    receiver.respondWith([{ status: 503, body: 'not now' }, { status: 200 }]);
    await database.query('insert into orders values (1, 9223372036854775807)');
    await drain(application, { passDelays: true });
    const { id } = payloadIn(receiver.requests[0]!);

    const event = await service.getEvent(id);
    expect(event).toMatchObject({
      id,
      trigger: 'order_created',
      operation: 'INSERT',
      state: 'delivered',
      attempts: 2,
      event: { op: 'INSERT', data: { old: null, new: { id: 1, total: '9223372036854775807' } } },
    });
    expect(event.history).toMatchObject([
      { number: 1, outcome: 'retry', status: 503, responseBody: 'not now' },
      { number: 2, outcome: 'delivered', status: 200 },
    ]);
    const { events, next } = await service.listEvents({ trigger: 'order_created' });
    const { event: _, request, history, ...summary } = event;
    expect(request!.body, 'what the receiver got, to the byte').toBe(receiver.requests[1]!.body);
    expect(events).toEqual([summary]);
    expect(events[0]!.lastAttempt, 'the second one').toMatchObject({ number: history.length });
    expect(next).toBeNull();
  });

  it('is told what is paused, and how long it has been waiting', async () => {
    await start({ dispatcher: false });
    await service.pause('order_created');
    await database.query('insert into orders values (1, 1)');

    const [trigger] = await service.listTriggers();
    expect(trigger).toMatchObject({
      name: 'order_created',
      table: { schema: 'public', name: 'orders' },
      operations: ['INSERT'],
      webhook: receiver.url,
      deliveryPaused: { reason: 'hand' },
      capturePaused: null,
    });
    const [event] = (await service.listEvents({ state: 'waiting' })).events;
    expect(trigger!.oldestWaiting).toEqual(event!.createdAt);
  });
});
