import { Injectable, Module, type INestApplicationContext, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule, type TypeOrmModuleOptions } from '@nestjs/typeorm';
import {
  EventTriggersModule,
  EventTriggersReceiverModule,
  EventTriggersService,
  OnEventTrigger,
  type EventTriggerPayload,
  type TransactionalDelivery,
} from 'nestjs-event-triggers';
import { payloadOf } from 'nestjs-event-triggers/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startApplication } from '../support/application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/wait-until.js';
import { runApp, type RunningApp } from '../webhook/running-app.js';

const SECRET = 'a secret';
const KNOWN = { 'nhost-webhook-secret': SECRET };
const PATH = '/event-triggers';
const TIMEOUT_MS = 300;

type Payload = EventTriggerPayload<{ id: number }>;

describe('a transactional handler', () => {
  let database: TestDatabase;
  let application: INestApplicationContext | undefined;
  let running: RunningApp | undefined;
  let runs: number;
  /** What the handler does after it has counted. */
  let behave: (delivery: TransactionalDelivery) => unknown;

  @Injectable()
  class Counter {
    @OnEventTrigger('order_created', { transactional: true })
    async count({ event }: Payload, delivery: TransactionalDelivery): Promise<void> {
      runs += 1;
      await delivery.manager.query('insert into counted values ($1)', [event.data.new!.id]);
      await behave(delivery);
    }
  }

  @Module({ providers: [Counter] })
  class CounterModule {}

  beforeEach(async () => {
    runs = 0;
    behave = () => undefined;
    database = await createTestDatabase();
    await database.query('create table orders (id int primary key); create table counted (id int)');
  });
  afterEach(async () => {
    await application?.close();
    await running?.close();
    application = running = undefined;
    await database.drop();
  });

  const counted = async (): Promise<number[]> =>
    (await database.query<{ id: number }>('select id from counted order by id')).map(
      ({ id }) => id,
    );
  const outcomes = (count: number): Promise<string[]> =>
    eventually(
      async () => {
        const rows = await database.query<{ outcome: string }>(
          'select outcome::text from event_triggers.attempt order by created_at',
        );
        return rows.length >= count && rows.map(({ outcome }) => outcome);
      },
      { describe: `${count} attempts in the log` },
    );

  describe('in the process that dispatches', () => {
    const start = async (timeout = '10s'): Promise<void> => {
      application = await startApplication({
        database,
        imports: [CounterModule],
        eventTriggers: {
          triggers: [
            {
              name: 'order_created',
              table: 'orders',
              insert: true,
              timeout,
              retry: { strategy: 'fixed', delay: '200ms', jitter: false },
            },
          ],
        },
      });
    };

    it('leaves nothing behind when it fails, and all of it when it succeeds', async () => {
      behave = () => {
        if (runs === 1) throw new Error('not yet');
      };
      await start();
      await database.query('insert into orders values (1)');
      expect(await outcomes(2)).toEqual(['retry', 'delivered']);
      expect(runs).toBe(2);
      expect(await counted()).toEqual([1]);
    });

    it('has handled an event once that it ended after its time, and that came again', async () => {
      let finish: () => void = () => undefined;
      const late = new Promise<void>((resolve) => (finish = resolve));
      behave = () => late;
      await start(`${TIMEOUT_MS}ms`);
      await database.query('insert into orders values (1)');
      expect(await outcomes(1)).toEqual(['retry']);
      finish();
      const all = await eventually(
        async () => {
          const so = await outcomes(1);
          return so.includes('delivered') && so;
        },
        { describe: 'the event delivered' },
      );
      expect(all.at(-1)).toBe('delivered');
      expect(await counted()).toEqual([1]);
      expect(runs, 'the attempts after the first had nothing to do').toBe(1);
    });

    it('is not taken for successful when it hides that its transaction is lost', async () => {
      behave = async ({ manager }) => {
        if (runs === 1) await manager.query('select 1 / 0').catch(() => undefined);
      };
      await start();
      await database.query('insert into orders values (1)');
      expect(await outcomes(2)).toEqual(['retry', 'delivered']);
      expect(await counted()).toEqual([1]);
    });

    it('handles an event again that somebody asks for', async () => {
      await start();
      await database.query('insert into orders values (1)');
      await outcomes(1);
      const [{ event_id: id } = { event_id: '' }] = await database.query<{ event_id: string }>(
        'select event_id from event_triggers.inbox',
      );
      await application!.get(EventTriggersService).redeliver(id);
      await outcomes(2);
      expect(await counted()).toEqual([1, 1]);
    });
  });

  describe('behind the endpoint', () => {
    const imports = (): Type[] =>
      [
        TypeOrmModule.forRoot({
          ...database.dataSourceOptions,
          autoLoadEntities: true,
          retryAttempts: 0,
        } as TypeOrmModuleOptions),
        EventTriggersModule.forRoot({ application: 'receiver', dispatcher: false }),
      ] as unknown as Type[];

    const start = async (): Promise<RunningApp['post']> => {
      @Module({
        imports: [
          ...imports(),
          EventTriggersReceiverModule.forRoot({ secret: SECRET }),
          CounterModule,
        ],
      })
      class App {}
      running = await runApp(App);
      return running.post;
    };
    const payload = (id = 'an id of some sender', order = 1) =>
      payloadOf({ trigger: 'order_created', new: { id: order }, id });

    it('handles once what comes twice, and answers both alike', async () => {
      const post = await start();
      expect(await post(PATH, KNOWN, payload())).toMatchObject({ status: 204 });
      expect(await post(PATH, KNOWN, payload())).toMatchObject({ status: 204 });
      expect(await post(PATH, KNOWN, payload('another', 2))).toMatchObject({ status: 204 });
      expect(await counted()).toEqual([1, 2]);
    });

    it('handles once what comes twice at the same time', async () => {
      let arrived: () => void = () => undefined;
      const arrival = new Promise<void>((resolve) => (arrived = resolve));
      let finish: () => void = () => undefined;
      const held = new Promise<void>((resolve) => (finish = resolve));
      behave = () => {
        arrived();
        return held;
      };
      const post = await start();
      const first = post(PATH, KNOWN, payload());
      await arrival;
      const second = post(PATH, KNOWN, payload());
      await eventually(
        async () =>
          (
            await database.query(`select from pg_stat_activity
             where datname = current_database() and wait_event_type = 'Lock'`)
          ).length > 0,
        { describe: 'the second waiting for the first' },
      );
      finish();
      expect([(await first).status, (await second).status]).toEqual([204, 204]);
      expect(await counted()).toEqual([1]);
    });

    it('handles what comes again after a failure', async () => {
      behave = () => {
        if (runs === 1) throw new Error('not yet');
      };
      const post = await start();
      expect(await post(PATH, KNOWN, payload())).toMatchObject({ status: 500 });
      expect(await post(PATH, KNOWN, payload())).toMatchObject({ status: 204 });
      expect(await counted()).toEqual([1]);
    });

    it('handles again what the sender says was asked for', async () => {
      const post = await start();
      await post(PATH, KNOWN, payload());
      await post(PATH, { ...KNOWN, 'event-triggers-redelivery': 'true' }, payload());
      expect(await counted()).toEqual([1, 1]);
    });

    it('forgets what no sender sends any more', async () => {
      const post = await start();
      await database.query(
        `insert into event_triggers.inbox values
           ('old', clock_timestamp() - interval '31 days'), ('young', clock_timestamp() - interval '29 days')`,
      );
      await post(PATH, KNOWN, payload('new'));
      const ids = await eventually(
        async () => {
          const rows = await database.query<{ event_id: string }>(
            'select event_id from event_triggers.inbox order by event_id',
          );
          return rows.length === 2 && rows.map(({ event_id }) => event_id);
        },
        { describe: 'two entries left' },
      );
      expect(ids).toEqual(['new', 'young']);
    });

    it('does not start without the table that it needs', async () => {
      @Module({ imports: [EventTriggersReceiverModule.forRoot({ secret: SECRET }), CounterModule] })
      class App {}
      const starting = NestFactory.createApplicationContext(App, {
        logger: false,
        abortOnError: false,
      });
      await expect(starting).rejects.toThrow(
        /Counter\.count is transactional, and nothing here remembers.*\n.*dispatcher: false/,
      );
    });
  });
});
