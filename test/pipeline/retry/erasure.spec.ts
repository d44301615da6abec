import type { INestApplicationContext } from '@nestjs/common';
import { EventTriggersService, type EventTriggersOptions } from 'nestjs-event-triggers';
import { drain, startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startApplication } from '../../support/application.js';
import { payloadIn } from '../../support/payload.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { eventually } from '../../support/wait-until.js';

/** Enough that some are answered within one group of records, of which one attempt keeps the headers. */
const SOME = 9;
/** More than are erased in one transaction. */
const MANY = 1_200;

describe('a row that is to be forgotten', () => {
  let database: TestDatabase;
  let receiver: FakeReceiver;
  let application: INestApplicationContext;
  let service: EventTriggersService;

  beforeEach(async () => {
    receiver = await startFakeReceiver();
    database = await createTestDatabase();
    await database.query('create table orders (id int primary key, email text)');
  });
  afterEach(async () => {
    await application.close();
    await receiver.close();
    await database.drop();
  });

  async function start(options: EventTriggersOptions & { ordering?: 'row' } = {}): Promise<void> {
    const { ordering, ...others } = options;
    application = await startApplication({
      database,
      eventTriggers: {
        retry: { attempts: 2, strategy: 'fixed', delay: '1h' },
        breaker: false,
        triggers: [
          {
            name: 'order_changed',
            table: 'orders',
            insert: true,
            update: true,
            webhook: receiver.url,
            ...(ordering && { ordering }),
          },
        ],
        ...others,
      },
    });
    service = application.get(EventTriggersService);
  }

  const order = (...ids: number[]): Promise<unknown> =>
    database.query(`insert into orders select n, n || '@example.com' from unnest($1::int[]) n`, [
      ids,
    ]);

  /** Where its address still stands, in whatever table. */
  async function traces(of: string): Promise<string[]> {
    const tables = await database.query<{ name: string }>(
      `select c.oid::regclass::text as name from pg_class c
        where c.relnamespace = 'event_triggers'::regnamespace and c.relkind = 'r'`,
    );
    const found = [];
    for (const { name } of tables) {
      const [row] = await database.query<{ count: number }>(
        `select count(*)::int as count from ${name} t where strpos(to_json(t)::text, $1) > 0`,
        [of],
      );
      if (row!.count > 0) found.push(name.replace(/_\d+$/, ''));
    }
    return found;
  }

  const delivered = (): unknown[] =>
    receiver.requests.map((request) => payloadIn<{ id: number }>(request).event.data.new?.id);

  it('leaves no trace, and others keep theirs', async () => {
    await start();
    receiver.respondWith((request) => ({
      status: 200,
      headers: { 'x-same': 'for all' },
      body: `thanks, ${payloadIn<{ email: string }>(request).event.data.new?.email}`,
    }));
    await order(...Array.from({ length: SOME }, (_, id) => id));
    await drain(application);
    const [kept] = await database.query<{ key: string }>(
      `select e.key from event_triggers.event e
        where exists (select from event_triggers.attempt a where a.headers_of = e.id)`,
    );
    const { key } = kept!;
    expect(await traces(`${key}@example.com`), 'where it is before').not.toEqual([]);

    expect(await service.erase(key, { dryRun: true })).toEqual({
      events: 1,
      owed: 0,
      inFlight: 0,
      attempts: 1,
    });
    expect(await traces(`${key}@example.com`), 'where counting leaves it').not.toEqual([]);
    expect(await service.erase(key)).toMatchObject({ events: 1, attempts: 1 });

    expect(await traces(`${key}@example.com`)).toEqual([]);
    const { events } = await service.listEvents();
    expect(events, 'the others').toHaveLength(SOME - 1);
    for (const { id } of events) {
      const { history } = await service.getEvent(id);
      expect(history[0]!.responseHeaders, 'which one attempt kept for all').toMatchObject({
        'x-same': 'for all',
      });
    }
    expect(await service.erase(key)).toMatchObject({ events: 0 });
  });

  it('is not erased while it is owed, unless that is given up', async () => {
    await start({ dispatcher: false });
    await order(1, 2);

    const { events } = await service.listEvents({ key: '1' });

    await expect(service.erase('1')).rejects.toMatchObject({
      code: 'ET_EVENT_OWED',
      message: expect.stringContaining(events[0]!.id),
    });
    expect(await service.erase('1', { cancelWaiting: true })).toMatchObject({ events: 1, owed: 1 });

    expect(await traces('1@example.com')).toEqual([]);
    expect(await service.purge('order_changed'), 'what waits of the others').toBe(1);
  });

  it('is erased with its retries and dead letters', async () => {
    await start();
    receiver.respondWith({ status: 500 });
    await order(1, 2);
    await eventually(
      async () => (await service.listEvents({ state: 'retrying' })).events.length === 2,
      { describe: 'two retries' },
    );
    await expect(service.erase('1')).rejects.toMatchObject({ code: 'ET_EVENT_OWED' });
    await service.erase('1', { cancelWaiting: true });
    await drain(application, { passDelays: true });
    expect((await service.listEvents({ state: 'dead' })).events).toMatchObject([{ key: '2' }]);

    await service.erase('2');

    expect(await traces('@example.com')).toEqual([]);
  });

  it('is not erased while a replica has it in hand, whatever is given up', async () => {
    await start();
    receiver.respondWith({ status: 200, delayMs: 1_500 });
    await order(1, 2);
    await eventually(() => receiver.requests.length === 2, { describe: 'both requests' });

    await expect(service.erase('1', { cancelWaiting: true })).rejects.toMatchObject({
      code: 'ET_EVENT_IN_FLIGHT',
    });

    await drain(application);
    expect(await service.erase('1')).toMatchObject({ events: 1, attempts: 1 });
  });

  it('lets those behind it in order go on', async () => {
    await start({ ordering: 'row' });
    receiver.respondWith([{ status: 500 }, { status: 200 }]);
    await order(1);
    await eventually(
      async () => (await service.listEvents({ state: 'retrying' })).events.length === 1,
      { describe: 'a retry' },
    );
    // the change of a key waits for both
    await database.query('update orders set id = 2 where id = 1');
    await database.query(`update orders set email = 'new' where id = 2`);
    await eventually(
      async () => (await service.listEvents({ state: 'parked' })).events.length === 2,
      { describe: 'two that are parked' },
    );

    await service.erase('1', { cancelWaiting: true });

    await drain(application);
    const { events } = await service.listEvents();
    expect(events).toMatchObject([{ key: '2', operation: 'UPDATE', state: 'delivered' }]);
  });

  it('in the middle of a backlog holds up nobody', async () => {
    await start();
    const writing = (async () => {
      for (let id = 0; id < MANY; id += 100)
        await order(...Array.from({ length: 100 }, (_, place) => id + place));
    })();
    for (const key of ['7', '150', '333', '801']) {
      await eventually(
        async () => {
          const { events } = await service.erase(key, { cancelWaiting: true });
          return events === 1;
        },
        { describe: `the erasure of ${key}` },
      );
    }
    await writing;
    await drain(application);

    const others = Array.from({ length: MANY }, (_, id) => id).filter(
      (id) => ![7, 150, 333, 801].includes(id),
    );
    expect(new Set(delivered()), 'each of the others').toEqual(
      new Set([...others, ...delivered().filter((id) => !others.includes(id as number))]),
    );
    await order(MANY);
    await drain(application);
    expect(delivered(), 'and what came after').toContain(MANY);
    expect((await service.listEvents({ state: ['waiting', 'in-flight'] })).events).toEqual([]);
  });

  it('is erased in parts, however often it changed', async () => {
    await start({ dispatcher: false });
    await order(1, 2);
    await database.query(
      `do $$ begin for n in 1 .. ${MANY} loop update orders set email = n || '-1@example.com' where id = 1; end loop; end $$`,
    );
    const parts: number[] = [];

    await service.erase('1', { cancelWaiting: true, onProgress: (erased) => parts.push(erased) });

    expect(parts).toEqual([500, 1_000, MANY + 1]);
    expect(await service.purge('order_changed'), 'what waits of the other').toBe(1);
  });

  it('of an unknown trigger is refused', async () => {
    await start();
    await expect(service.erase('1', { trigger: 'order_chnged' })).rejects.toMatchObject({
      code: 'ET_UNKNOWN_TRIGGER',
    });
  });
});
