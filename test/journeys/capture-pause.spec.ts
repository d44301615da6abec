import type { INestApplicationContext } from '@nestjs/common';
import { EventTriggerEntity, EventTriggersService } from 'nestjs-event-triggers';
import { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startApplication } from '../support/application.js';
import { payloadIn } from '../support/payload.js';
import { startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/wait-until.js';

describe('an application that pauses the capture of a trigger', () => {
  let database: TestDatabase;
  let receiver: FakeReceiver;
  let application: INestApplicationContext;

  beforeEach(async () => {
    receiver = await startFakeReceiver();
    database = await createTestDatabase();
    await database.query('create table orders (id int primary key)');
    application = await boot();
  });
  afterEach(async () => {
    await application.close();
    await receiver.close();
    await database.drop();
  });

  const boot = (): Promise<INestApplicationContext> =>
    startApplication({
      database,
      eventTriggers: {
        triggers: [{ name: 'order_created', table: 'orders', insert: true, webhook: receiver.url }],
      },
    });
  const service = (): EventTriggersService =>
    application.get(EventTriggersService, { strict: false });
  const delivered = (): number[] =>
    receiver.requests
      .map((request) => (payloadIn(request).event.data.new as { id: number }).id)
      .toSorted((one, other) => one - other);

  it('has what was captured before delivered, and over a restart nothing of what was not', async () => {
    await service().pause('order_created');
    await database.query('insert into orders values (1)');
    const since = await service().pauseCapture('order_created');
    await database.query('insert into orders values (2)');
    await service().resume('order_created');
    await eventually(() => delivered().length === 1, { describe: 'the order before the pause' });

    await application.close();
    application = await boot();
    await database.query('insert into orders values (3)');
    const [trigger] = await application.get(DataSource).getRepository(EventTriggerEntity).find();
    expect(trigger?.capturePausedAt, 'as a reader of the entity sees it').toEqual(since);

    const missed = await service().resumeCapture('order_created');
    expect(missed?.from).toEqual(since);
    await database.query('insert into orders values (4)');
    await eventually(() => delivered().length === 2, { describe: 'the order after the pause' });
    expect(delivered(), 'what was written during the pause is not delivered').toEqual([1, 4]);
    expect(await service().resumeCapture('order_created'), 'again').toBeNull();
  });

  it('is told of a name that it does not have', async () => {
    await expect(service().pauseCapture('order_craeted')).rejects.toMatchObject({
      code: 'ET_UNKNOWN_TRIGGER',
      message: expect.stringContaining('order_created') as string,
    });
    await expect(service().resumeCapture('nothing')).rejects.toMatchObject({
      code: 'ET_UNKNOWN_TRIGGER',
    });
  });
});
