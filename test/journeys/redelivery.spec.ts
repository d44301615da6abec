import type { INestApplicationContext } from '@nestjs/common';
import { EventTriggersService } from 'nestjs-event-triggers';
import { drain, startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startApplication } from '../support/application.js';
import { payloadIn } from '../support/payload.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** In which an attempt is written down, on a loaded machine too. */
const PATIENCE_MS = 2_000;

describe('an event that somebody asks for again', () => {
  let database: TestDatabase;
  let receiver: FakeReceiver;
  let application: INestApplicationContext;
  let service: EventTriggersService;

  beforeEach(async () => {
    receiver = await startFakeReceiver();
    database = await createTestDatabase();
    await database.query('create table orders (id int primary key)');
    application = await startApplication({
      database,
      eventTriggers: {
        retry: { attempts: 2, strategy: 'fixed', delay: '1h' },
        triggers: [{ name: 'order_created', table: 'orders', insert: true, webhook: receiver.url }],
      },
    });
    service = application.get(EventTriggersService);
  });
  afterEach(async () => {
    await application.close();
    await receiver.close();
    await database.drop();
  });

  /** Sends one order with this answer, or these, and returns the id that the receiver saw. */
  const order = async (...statuses: number[]): Promise<string> => {
    receiver.respondWith([...statuses.map((status) => ({ status })), { status: 200 }]);
    await database.query('insert into orders values (1)');
    const [first] = await receiver.waitFor(1);
    return payloadIn(first!).id;
  };
  const redeliveries = () =>
    receiver.requests.map(({ headers }) => headers['event-triggers-redelivery'] ?? 'none');

  it('comes again when it was delivered', async () => {
    const id = await order();
    await drain(application);
    await service.redeliver(id);
    await drain(application);
    expect(redeliveries()).toEqual(['none', 'true']);
    expect(new Set(receiver.requests.map((request) => payloadIn(request).id)).size).toBe(1);
  });

  it('comes again when it was given up', async () => {
    const id = await order(500, 500);
    await drain(application, { passDelays: true });
    expect(await service.redeliverMany({ trigger: 'order_created' }, { dryRun: true })).toBe(1);
    await service.redeliver(id);
    await drain(application);
    expect(redeliveries()).toEqual(['none', 'none', 'true']);
    expect(await service.redeliverMany({ trigger: 'order_created' }, { dryRun: true })).toBe(0);
  });

  it('comes at once when it waits for another attempt', async () => {
    const id = await order(500);
    await expect(drain(application, { timeout: PATIENCE_MS })).rejects.toThrow('1 wait as retries');
    await service.redeliver(id);
    await drain(application);
    expect(redeliveries()).toEqual(['none', 'true']);
  });

  it('does not come where it was cancelled, nor the one behind it in its stead', async () => {
    const cancelled = await order(500);
    await expect(drain(application, { timeout: PATIENCE_MS })).rejects.toThrow('1 wait as retries');
    await service.cancel(cancelled);
    await database.query('insert into orders values (2)');
    await drain(application);
    expect(receiver.requests, 'an attempt at each').toHaveLength(2);

    await service.redeliver(cancelled);
    await drain(application);
    expect(receiver.requests, 'and no other').toHaveLength(2);
  });

  it('comes no more once it is cancelled', async () => {
    const id = await order(500);
    await expect(drain(application, { timeout: PATIENCE_MS })).rejects.toThrow('1 wait as retries');
    expect(await service.cancel(id)).toBe('cancelled');
    await drain(application);
    expect(receiver.requests).toHaveLength(1);
  });

  it('comes with many others', async () => {
    await database.query('insert into orders select generate_series(1, 20)');
    await drain(application);
    const many = { trigger: 'order_created', state: 'delivered' } as const;
    expect(await service.redeliverMany(many)).toBe(20);
    await drain(application);
    expect(receiver.requests).toHaveLength(40);
  });
});
