import { Controller, Injectable, Module, Post, type INestApplicationContext } from '@nestjs/common';
import {
  EventTriggersReceiverModule,
  OnEventTrigger,
  WebhookSecretGuard,
  type EventTriggerPayload,
  type Operation,
} from 'nestjs-event-triggers';
import {
  drain,
  expectEvent,
  payloadOf,
  signedRequest,
  startFakeReceiver,
  type EventDescription,
  type FakeReceiver,
} from 'nestjs-event-triggers/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startApplication } from '../support/application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { ADAPTERS, runApp, type RunningApp } from '../webhook/running-app.js';

const KEY = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const HOUR_MS = 3_600_000;
/** In which an attempt is written down, on a loaded machine too. */
const PATIENCE_MS = 2_000;

describe('a test of an application that sends webhooks', () => {
  let database: TestDatabase;
  let receiver: FakeReceiver;
  let app: INestApplicationContext;

  beforeEach(async () => {
    receiver = await startFakeReceiver();
    database = await createTestDatabase();
    await database.query('create table orders (id int primary key, email text)');
    app = await startApplication({
      database,
      eventTriggers: {
        retry: { strategy: 'fixed', delay: '1h', attempts: 3 },
        triggers: [
          {
            name: 'order_created',
            table: 'orders',
            insert: true,
            update: true,
            webhook: receiver.url,
          },
        ],
      },
    });
  });
  afterEach(async () => {
    await app.close();
    await receiver.close();
    await database.drop();
  });

  it('finds the event that it expects, whatever else comes', async () => {
    await database.query(
      `insert into orders select n, n || '@example.com' from generate_series(1, 5) n`,
    );
    await database.query(`update orders set email = 'ada@example.com' where id = 3`);
    const payload = await expectEvent<{ id: number }>(receiver, {
      trigger: 'order_created',
      op: 'UPDATE',
      old: { id: 3 },
      new: { email: 'ada@example.com' },
    });
    expect(payload.event.data.new?.id).toBe(3);
  });

  it('is told what came instead of what it expects', async () => {
    await database.query(`insert into orders values (1, 'ada@example.com')`);
    await receiver.waitFor(1);
    await expect(
      expectEvent(receiver, { trigger: 'order_created', new: { id: 2 } }, { timeout: 50 }),
    ).rejects.toThrow(
      /"new":\{"id":2\}.* within 50 ms, but these came:\n.*"email":"ada@example\.com"/,
    );
  });

  it('waits until all that was captured is delivered', async () => {
    await database.query('insert into orders select generate_series(1, 700)');
    await drain(app);
    expect(receiver.requests).toHaveLength(700);
    await drain(app);
  });

  it('lets the delays of retries pass', async () => {
    receiver.respondWith([{ status: 503 }, { hangUp: true }, { status: 200 }]);
    await database.query('insert into orders values (1)');
    await drain(app, { passDelays: true });
    expect(receiver.requests).toHaveLength(3);
  });

  it('ends too when an event is given up', async () => {
    receiver.respondWith({ status: 500 });
    await database.query('insert into orders values (1)');
    await drain(app, { passDelays: true });
    expect(receiver.requests).toHaveLength(3);
    expect(await database.query('select from event_triggers.dead_letter')).toHaveLength(1);
  });

  it('is told what still waits, and why', async () => {
    receiver.respondWith({ status: 503 });
    await database.query('insert into orders values (1)');
    await receiver.waitFor(1);
    await expect(drain(app, { timeout: PATIENCE_MS })).rejects.toThrow(
      /order_created: 0 wait, 0 are claimed, 1 wait as retries; the last failure: The receiver answered 503/,
    );
    receiver.respondWith({ hang: true });
    await database.query('insert into orders values (2)');
    await receiver.waitFor(2);
    await expect(drain(app, { timeout: PATIENCE_MS })).rejects.toThrow(
      /1 are claimed, 1 wait as retries/,
    );
  });
});

describe.each(ADAPTERS)(
  'a test of an application that receives webhooks on %s',
  (_, makeAdapter) => {
    let running: RunningApp;
    let handled: unknown[];

    beforeEach(() => {
      handled = [];
      vi.stubEnv('NHOST_WEBHOOK_SECRET', 'a secret');
    });
    afterEach(async () => {
      await running.close();
      vi.unstubAllEnvs();
    });

    @Injectable()
    class Orders {
      @OnEventTrigger('order_created')
      created({ event }: EventTriggerPayload): void {
        handled.push(event.data.new);
      }
    }

    it('sends what the guard lets in', async () => {
      @Module({ imports: [EventTriggersReceiverModule.forRoot()], providers: [Orders] })
      class App {}
      running = await runApp(App, makeAdapter());
      const url = `${await running.app.getUrl()}/event-triggers`;
      const payload = payloadOf({ trigger: 'order_created', new: { id: 1 } });
      expect((await fetch(url, signedRequest(payload))).status).toBe(204);
      expect((await fetch(url, signedRequest([payload, payload]))).status).toBe(207);
      expect((await fetch(url, signedRequest(payload, { secret: 'guess' }))).status).toBe(401);
      expect((await fetch(url, signedRequest(payload, { secret: null }))).status).toBe(401);
      expect(handled).toEqual([{ id: 1 }, { id: 1 }, { id: 1 }]);
    });

    it('signs, also at another time', async () => {
      @Controller()
      class Hooks {
        @Post('hook')
        @WebhookSecretGuard({ accept: 'signature', signingKeys: KEY })
        hook(): void {
          handled.push('hook');
        }
      }
      @Module({ controllers: [Hooks] })
      class App {}
      running = await runApp(App, makeAdapter(), () => undefined, { rawBody: true });
      const url = `${await running.app.getUrl()}/hook`;
      const payload = payloadOf({ trigger: 'order_created', new: { id: 1 } });
      const status = async (at: Date): Promise<number> =>
        (await fetch(url, signedRequest(payload, { signingKeys: KEY, at }))).status;
      expect(await status(new Date())).toBe(201);
      expect(await status(new Date(Date.now() - HOUR_MS))).toBe(401);
    });
  },
);

describe('the payload of a test', () => {
  it.each([
    [{ new: { id: 1 } }, 'INSERT'],
    [{ old: { id: 1 }, new: { id: 2 } }, 'UPDATE'],
    [{ old: { id: 1 } }, 'DELETE'],
    [{}, 'TRUNCATE'],
    [{ op: 'MANUAL', new: { id: 1 } }, 'MANUAL'],
  ] satisfies [Partial<EventDescription>, Operation][])('of %j is one of %s', (rows, op) => {
    expect(payloadOf({ trigger: 'orders', ...rows }).event.op).toBe(op);
  });
});
