import type { INestApplicationContext } from '@nestjs/common';
import {
  EventTriggersService,
  type EventTriggersOptions,
  type RunTimeTriggerDefinition,
} from 'nestjs-event-triggers';
import { drain, startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startApplication } from '../support/application.js';
import { payloadIn } from '../support/payload.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/wait-until.js';

describe('a trigger that is made at run time', () => {
  let database: TestDatabase;
  let receiver: FakeReceiver;
  const applications: INestApplicationContext[] = [];

  beforeEach(async () => {
    receiver = await startFakeReceiver();
    database = await createTestDatabase();
    await database.query('create table orders (id int primary key, status text, total numeric)');
  });
  afterEach(async () => {
    for (const application of applications.splice(0)) await application.close();
    await receiver.close();
    await database.drop();
  });

  async function start(more: EventTriggersOptions = {}): Promise<EventTriggersService> {
    const application = await startApplication({
      database,
      eventTriggers: Object.assign({ webhookSecret: 'top-secret' }, more),
    });
    applications.push(application);
    return application.get(EventTriggersService);
  }
  const drained = () => drain(applications.at(-1)!);
  const largeOrder = (): RunTimeTriggerDefinition => ({
    name: 'large_order',
    table: 'orders',
    insert: { where: { column: 'total', operator: '>=', value: 1000 } },
    webhook: receiver.url,
  });
  const seen = () => receiver.requests.map((request) => payloadIn(request).event.data.new);
  const codeOf = (failing: Promise<unknown>): Promise<unknown> =>
    failing.then(
      () => 'no error',
      (error: { code?: unknown }) => error.code ?? error,
    );

  it('is delivered without a restart, and only what its condition says', async () => {
    const service = await start();
    const made = await service.createTrigger(largeOrder());
    expect(made).toMatchObject({ name: 'large_order', operations: ['INSERT'], made: largeOrder() });

    await database.query(`insert into orders values (1, 'new', 999.99), (2, 'new', 1000)`);
    await drained();

    expect(seen()).toEqual([{ id: 2, status: 'new', total: 1000 }]);
    expect(
      receiver.requests[0]!.headers['nhost-webhook-secret'],
      'whoever makes a trigger is not sent the secret for it',
    ).toBeUndefined();
  });

  it.each([{ listen: true }, { listen: false }])(
    'is delivered by a replica that did not make it within a second, with %j',
    async (dispatcher) => {
      await start({ dispatcher });
      const maker = await start({ dispatcher: false });
      await maker.createTrigger(largeOrder());
      const madeAt = performance.now();
      await database.query(`insert into orders values (1, 'new', 5000)`);

      await eventually(() => Promise.resolve(receiver.requests.length === 1), {
        describe: 'the webhook of the new trigger',
      });

      expect(performance.now() - madeAt, 'milliseconds to the request').toBeLessThan(1_500);
    },
  );

  it('goes where it is changed to, and knows its events under another name', async () => {
    const service = await start();
    await service.createTrigger({ ...largeOrder(), webhook: 'http://127.0.0.1:9/', timeout: '5s' });
    await service.pause('large_order');
    await database.query(`insert into orders values (1, 'new', 5000)`);

    const changed = await service.updateTrigger('large_order', {
      name: 'big_order',
      webhook: receiver.url,
      timeout: null,
    });
    expect(changed.made).toEqual({ ...largeOrder(), name: 'big_order' });
    await service.resume('big_order');
    await drained();

    expect(seen()).toEqual([{ id: 1, status: 'new', total: 5000 }]);
    expect((await service.listTriggers()).map(({ name }) => name)).toEqual(['big_order']);
  });

  it('is captured by what it is changed to', async () => {
    const service = await start();
    await service.createTrigger(largeOrder());
    await service.updateTrigger('large_order', {
      insert: null,
      update: { columns: ['status'], where: { column: 'status', operator: '=', value: 'paid' } },
    });

    await database.query(`insert into orders values (1, 'new', 5000)`);
    await database.query(`update orders set status = 'packed'`);
    await database.query(`update orders set status = 'paid'`);
    await drained();

    expect(seen()).toEqual([{ id: 1, status: 'paid', total: 5000 }]);
  });

  it('outlives a restart, and a release that does not know it', async () => {
    await (await start()).createTrigger(largeOrder());
    await applications.pop()!.close();

    const service = await start({
      triggers: [{ name: 'order_deleted', table: 'orders', delete: true, webhook: receiver.url }],
    });
    await database.query(`insert into orders values (1, 'new', 5000)`);
    await drained();

    expect(seen()).toEqual([{ id: 1, status: 'new', total: 5000 }]);
    expect((await service.listTriggers()).map(({ name }) => name)).toEqual([
      'large_order',
      'order_deleted',
    ]);
  });

  it('is put in force again where somebody dropped it from the table', async () => {
    await (await start()).createTrigger(largeOrder());
    await applications.pop()!.close();
    const [trigger] = await database.query<{ name: string }>(
      `select tgname as name from pg_trigger where tgrelid = 'orders'::regclass`,
    );
    await database.query(`drop trigger "${trigger!.name}" on orders`);

    await start();
    await database.query(`insert into orders values (1, 'new', 5000)`);
    await drained();

    expect(seen()).toHaveLength(1);
  });

  it('keeps nobody from booting when its table is gone', async () => {
    await (await start()).createTrigger(largeOrder());
    await applications.pop()!.close();
    await database.query('drop table orders cascade');

    const service = await start();

    expect((await service.listTriggers()).map(({ name }) => name)).toEqual(['large_order']);
  });

  it('becomes that of the code when the code defines one of its name', async () => {
    await (await start()).createTrigger(largeOrder());
    await applications.pop()!.close();

    const service = await start({
      triggers: [{ name: 'large_order', table: 'orders', insert: true, webhook: receiver.url }],
    });
    await database.query(`insert into orders values (1, 'new', 1)`);
    await drained();

    expect(seen()).toHaveLength(1);
    expect(await codeOf(service.deleteTrigger('large_order'))).toBe('ET_OWNED_BY_CODE');
  });

  it.each([
    { whenRemoved: 'keep', waits: 1, sent: 0 },
    { whenRemoved: 'drain', waits: 1, sent: 1 },
    { whenRemoved: 'purge', waits: 1, sent: 0 },
  ] as const)('leaves what waits as it is told when it is deleted: %j', async (fate) => {
    const service = await start();
    await service.createTrigger({ ...largeOrder(), concurrency: 1 });
    receiver.respondWith([{ status: 503, headers: { 'retry-after': '1' } }]);
    await database.query(`insert into orders values (1, 'new', 5000)`);
    await eventually(() => Promise.resolve(receiver.requests.length === 1), {
      describe: 'an attempt that fails',
    });
    await eventually(async () => (await service.listTriggers())[0]!.retrying === 1, {
      describe: 'a retry that waits',
    });

    expect(await service.deleteTrigger('large_order', fate)).toBe(fate.waits);
    await database.query(`insert into orders values (2, 'new', 5000)`);
    if (fate.sent === 1) {
      await eventually(() => Promise.resolve(receiver.requests.length === 2), {
        describe: 'the retry, although its trigger was deleted',
      });
    }

    const [trigger] = await service.listTriggers();
    expect(trigger!.removedAt).toBeInstanceOf(Date);
    expect(await codeOf(service.deleteTrigger('large_order'))).toBe('ET_UNKNOWN_TRIGGER');
    await applications.pop()!.close();
    expect(receiver.requests, 'requests in all').toHaveLength(1 + fate.sent);
  });

  it('shows the statements that it would install, and installs none', async () => {
    const service = await start();

    const statements = await service.previewTrigger(largeOrder());

    expect(statements.join('\n')).toContain(`new."total" >= '1000'`);
    expect(
      await database.query(`select from pg_trigger where tgrelid = 'orders'::regclass`),
    ).toHaveLength(0);
    expect(await service.listTriggers()).toEqual([]);
  });

  it('is refused with all that is wrong, and nothing is left of it', async () => {
    const service = await start();
    const wrong = {
      name: '1st',
      table: 'orders',
      insert: { when: 'true' },
      transform: () => undefined,
      retries: 3,
    } as unknown as RunTimeTriggerDefinition;

    const message = await service.createTrigger(wrong).then(String, String);

    for (const part of [
      'name: must',
      'insert.when: is not',
      'transform: is not',
      'retries: is not',
      'webhook: must',
    ])
      expect(message).toContain(part);
    expect(await service.listTriggers()).toEqual([]);
  });

  it.each([
    ['a table that is not there', { table: 'order' }, 'ET_INVALID_TRIGGER', 'does not exist'],
    [
      'a column that is not there',
      { insert: { where: { column: 'totl', operator: '=', value: 1 } } },
      'ET_INVALID_TRIGGER',
      'did you mean "total"?',
    ],
    [
      'a value that is none of the column',
      { insert: { where: { column: 'total', operator: '=', value: 'much' } } },
      'ET_INVALID_TRIGGER',
      'invalid input syntax for type numeric: "much"',
    ],
    ['nothing to capture', { insert: null }, 'ET_INVALID_TRIGGER', 'captures nothing'],
    [
      'a variable that is not set',
      { webhook: '{{ET_TEST_NOWHERE}}/x' },
      'ET_MISSING_ENVIRONMENT_VARIABLE',
      'ET_TEST_NOWHERE',
    ],
  ])('is refused for %s', async (_, part, code, message) => {
    const service = await start();
    const failing = service.createTrigger({
      ...largeOrder(),
      ...part,
    } as RunTimeTriggerDefinition);

    await expect(failing).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    });
    expect(await service.listTriggers(), 'nothing is half done').toEqual([]);
  });

  it('is neither made over another one, nor changed where it is the code’s', async () => {
    const service = await start({
      triggers: [{ name: 'order_made', table: 'orders', insert: true, webhook: receiver.url }],
    });
    await service.createTrigger(largeOrder());

    expect(await codeOf(service.createTrigger(largeOrder()))).toBe('ET_TRIGGER_EXISTS');
    expect(await codeOf(service.createTrigger({ ...largeOrder(), name: 'order_made' }))).toBe(
      'ET_TRIGGER_EXISTS',
    );
    expect(await codeOf(service.updateTrigger('large_order', { name: 'order_made' }))).toBe(
      'ET_TRIGGER_EXISTS',
    );
    expect(await codeOf(service.updateTrigger('order_made', { timeout: '5s' }))).toBe(
      'ET_OWNED_BY_CODE',
    );
    expect(await codeOf(service.updateTrigger('order_mad', { timeout: '5s' }))).toBe(
      'ET_UNKNOWN_TRIGGER',
    );
  });

  it('is made by one of two who make it at the same time', async () => {
    const service = await start();

    const made = await Promise.all([
      codeOf(service.createTrigger(largeOrder())),
      codeOf(service.createTrigger({ ...largeOrder(), timeout: '5s' })),
    ]);

    expect(new Set(made)).toEqual(new Set(['ET_TRIGGER_EXISTS', 'no error']));
  });
});
