import type { INestApplicationContext } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import { EventTriggersService, type TriggerDefinition } from 'nestjs-event-triggers';
import { drain, startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import type { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventCarrier } from '../../../lib/cli/hasura/event-carrier.js';
import { quoteIdentifier } from '../../../lib/schema/identifier.js';
import { startApplication } from '../../support/application.js';
import { payloadIn } from '../../support/payload.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { createHasuraLog, insertOf, owedByHasura, writeHasuraEvents } from './hasura-log.js';

describe('events that wait in Hasura', () => {
  let database: TestDatabase;
  let receiver: FakeReceiver;
  let application: INestApplicationContext;
  let carrier: EventCarrier;

  beforeEach(async () => {
    receiver = await startFakeReceiver();
    database = await createTestDatabase();
    await database.query('create table orders (id int primary key, status text, total numeric)');
    await createHasuraLog(database);
  });
  afterEach(async () => {
    await application.close();
    await receiver.close();
    await database.drop();
  });

  async function start(more: Partial<TriggerDefinition> = {}): Promise<void> {
    application = await startApplication({
      database,
      eventTriggers: {
        triggers: [
          {
            name: 'order_changed',
            table: 'orders',
            insert: true,
            update: true,
            manual: true,
            webhook: receiver.url,
            ...more,
          },
        ],
      },
    });
    const dataSource = application.get<DataSource>(getDataSourceToken());
    carrier = new EventCarrier(
      (text, values) => dataSource.query(text, [...values]),
      quoteIdentifier('event_triggers'),
      'test',
    );
  }
  const payloads = () => receiver.requests.map((request) => payloadIn<{ id: number }>(request));
  const idsSeen = () => payloads().map(({ event }) => event.data.new!.id);

  it('are delivered once by the application that runs, and those in any other state not at all', async () => {
    await start({ exact: true, concurrency: 1 });
    await writeHasuraEvents(
      database,
      { id: '3', createdAt: '2026-11-24 10:00:00.3' },
      { id: '1', createdAt: '2026-11-24 10:00:00.1' },
      { id: '2', createdAt: '2026-11-24 10:00:00.2', tries: 2, nextRetryAt: '2999-01-01' },
      { id: '4', createdAt: '2026-11-24 10:00:00.4', locked: '31 minutes' },
      { id: '5', locked: '29 minutes' },
      { id: '6', delivered: true },
      { id: '7', error: true },
      { id: '8', archived: true },
      { id: '9', trigger: 'another' },
    );

    const outcome = await carrier.carry('order_changed');
    await drain(application);

    expect(outcome).toEqual({ name: 'order_changed', carried: 4, alreadyHere: 0, inHand: 1 });
    expect(idsSeen(), 'in the order in which they were captured').toEqual([1, 2, 3, 4]);
    expect(await owedByHasura(database)).toEqual(['5', '9']);

    expect((await carrier.carry('order_changed')).carried, 'a second time').toBe(0);
    await drain(application);
    expect(idsSeen()).toHaveLength(4);
  });

  it('keep their time, their rows, their session variables and their trace', async () => {
    // Hasura writes times down as the session of the writer sees them, without their zone.
    await database.query(`alter database "${database.name}" set "TimeZone" = 'Asia/Tokyo'`);
    await start();
    const trace = { trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: 'b7ad6b7169203331' };
    await writeHasuraEvents(
      database,
      {
        id: '1',
        createdAt: '2026-11-24 10:00:00.123456',
        payload: insertOf(1, {
          op: 'UPDATE',
          data: { old: { id: 1, total: 1 }, new: { id: 1, total: 2 } },
          session_variables: { 'x-hasura-role': 'user' },
          trace_context: trace,
        }),
      },
      {
        id: '2',
        payload: { op: 'MANUAL', data: { old: null, new: [1, 'two'] }, session_variables: null },
      },
    );
    await database.query(
      `update hdb_catalog.event_log set payload = jsonb_set(payload, '{data,new,total}', '9007199254740993') where id = '1'`,
    );

    await carrier.carry('order_changed');
    await drain(application);

    const update = receiver.requests.find(({ body }) => body.includes('UPDATE'))!;
    expect(payloadIn(update)).toMatchObject({
      created_at: '2026-11-24T01:00:00.123456Z',
      delivery_info: { current_retry: 0 },
      event: {
        op: 'UPDATE',
        data: { old: { id: 1, total: 1 } },
        session_variables: { 'x-hasura-role': 'user' },
        trace_context: trace,
      },
      table: { schema: 'public', name: 'orders' },
      trigger: { name: 'order_changed' },
    });
    expect(update.body, 'to the last digit').toContain('9007199254740993');
    expect(payloads().find(({ event }) => event.op === 'MANUAL')!.event.data).toEqual({
      old: null,
      new: [1, 'two'],
    });
  });

  it('are tried again and kept however old they are', async () => {
    receiver.respondWith([{ status: 503 }, { status: 200 }]);
    await start();
    await writeHasuraEvents(
      database,
      { id: '1', createdAt: '2019-01-01' },
      { id: '2', createdAt: '2999-01-01' },
    );

    await carrier.carry('order_changed');
    await drain(application);

    expect(idsSeen().toSorted((a, b) => a - b)).toEqual([1, 1, 2]);
    const years = payloads().map(({ created_at }) => created_at.slice(0, 4));
    expect(years, 'the future is taken as now').not.toContain('2999');
    expect(years).toContain('2019');
  });

  it('have the keys of their rows, and keep their order where the trigger does', async () => {
    await start({ ordering: 'row' });
    await application.get(EventTriggersService).pause('order_changed');
    await writeHasuraEvents(
      database,
      { id: '1', createdAt: '2026-11-24 10:00:00.1' },
      {
        id: '2',
        createdAt: '2026-11-24 10:00:00.2',
        payload: insertOf(2, { op: 'UPDATE', data: { old: { id: 1 }, new: { id: 2 } } }),
      },
      { id: '3', payload: { op: 'MANUAL', data: { old: null, new: { id: 1 } } } },
    );

    await carrier.carry('order_changed');

    expect(
      await database.query(
        'select operation, key, key_before from event_triggers.event order by id',
      ),
    ).toEqual([
      { operation: 'INSERT', key: '1', key_before: null },
      { operation: 'UPDATE', key: '2', key_before: '1' },
      { operation: 'MANUAL', key: null, key_before: null },
    ]);
  });

  it('have keys of several columns, and none where a part of them did not leave', async () => {
    await database.query('alter table orders drop constraint orders_pkey');
    await database.query('alter table orders add primary key (status, id)');
    await start();
    await application.get(EventTriggersService).pause('order_changed');
    await writeHasuraEvents(
      database,
      { id: '1', createdAt: '2026-11-24 10:00:00' },
      { id: '2', payload: insertOf(2, { data: { old: null, new: { id: 2 } } }) },
    );

    await carrier.carry('order_changed');

    expect(await database.query('select key from event_triggers.event order by id')).toEqual([
      { key: '["new", "1"]' },
      { key: null },
    ]);
  });

  it('are delivered once where a change was captured here too', async () => {
    await database.query(`
      create function hdb_catalog."notify_hasura_order_changed_INSERT"() returns trigger language plpgsql as
        'begin return null; end';
      create trigger "notify_hasura_order_changed_INSERT" after insert on orders
        for each row execute function hdb_catalog."notify_hasura_order_changed_INSERT"()`);
    await writeHasuraEvents(database, { id: '1' });
    await start();
    await database.query(`insert into orders values (2, 'new', 10.5)`);
    await writeHasuraEvents(
      database,
      { id: '2' },
      { id: '3', payload: { op: 'MANUAL', data: { old: null, new: { id: 3 } } } },
      // As a session of a time zone in the east writes it down, of a change before that.
      { id: '4', createdAt: '2999-01-01' },
    );

    expect(await carrier.carry('order_changed')).toMatchObject({ carried: 3, alreadyHere: 1 });
    await drain(application);

    expect(idsSeen().toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4]);
    expect(await owedByHasura(database), 'nor does Hasura deliver it').toEqual([]);
  });

  it('are carried where a session of another time zone has written a time that is yet to come', async () => {
    await database.query(`
      create function hdb_catalog."notify_hasura_order_changed_UPDATE"() returns trigger language plpgsql as
        'begin return null; end';
      create trigger "notify_hasura_order_changed_UPDATE" after update on orders
        for each row execute function hdb_catalog."notify_hasura_order_changed_UPDATE"()`);
    await start();
    const update = (status: string) =>
      insertOf(1, { op: 'UPDATE', data: { old: { id: 1 }, new: { id: 1, status } } });
    await writeHasuraEvents(database, { id: '1', createdAt: '2999-01-01', payload: update('a') });
    await carrier.carry('order_changed');
    await writeHasuraEvents(database, { id: '2', createdAt: '2999-01-01', payload: update('b') });

    expect(await carrier.carry('order_changed')).toMatchObject({ carried: 1, alreadyHere: 0 });
  });

  it('are left to whoever has them in hand, and carried by one of two runs', async () => {
    await start();
    const hasura = await database.client();
    await writeHasuraEvents(
      database,
      ...Array.from({ length: 40 }, (_, place) => ({ id: String(place + 1) })),
    );
    await hasura.query('begin');
    await hasura.query(`select from hdb_catalog.event_log where id = '7' for update`);

    const runs = await Promise.all([
      carrier.carry('order_changed'),
      carrier.carry('order_changed'),
    ]);
    await hasura.query('rollback');
    await drain(application);

    expect(runs.reduce((sum, { carried }) => sum + carried, 0)).toBe(39);
    expect(new Set(idsSeen()).size).toBe(39);
    expect(await owedByHasura(database)).toEqual(['7']);
  });

  it('wait on where there is no trigger for them', async () => {
    await start();
    await writeHasuraEvents(database, { id: '1', trigger: 'unknown' });

    expect(await carrier.carry('unknown')).toEqual({
      name: 'unknown',
      carried: 0,
      alreadyHere: 0,
      inHand: 0,
      problem: expect.stringContaining(
        'has no event trigger "unknown" yet: add --store',
      ) as unknown,
    });
    expect(await owedByHasura(database)).toEqual(['1']);
  });

  it('are counted before anything is done', async () => {
    await start();
    await writeHasuraEvents(
      database,
      { id: '1' },
      { id: '2', locked: '1 minute' },
      { id: '3', delivered: true },
    );

    expect(await carrier.count(['nothing', 'order_changed'])).toEqual([
      { name: 'nothing', waiting: 0, inHand: 0 },
      { name: 'order_changed', waiting: 1, inHand: 1 },
    ]);
  });

  it('are missed with a word where Hasura is not, or is too old', async () => {
    await start();
    await database.query('alter table hdb_catalog.event_log alter locked type boolean using false');
    await expect(carrier.count(['order_changed'])).rejects.toMatchObject({
      code: 'ET_NO_HASURA',
      message: expect.stringContaining('old version of Hasura') as unknown,
    });
    await database.query('drop schema hdb_catalog cascade');
    await expect(carrier.count(['order_changed'])).rejects.toMatchObject({
      code: 'ET_NO_HASURA',
      message: expect.stringContaining('has no log of Hasura') as unknown,
    });
  });
});
