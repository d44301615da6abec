import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { EventTriggerPayload } from 'nestjs-event-triggers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePort } from '../support/free-port.mjs';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/wait-until.js';

const SECRET = 'swordfish';
const ORDER = { email: 'ada@example.com', product: 'tea', quantity: 2 };

/** The steps of the tour in its README, one after the other. */
describe('the sample app', () => {
  let database: TestDatabase;
  let folder: string;
  let url: string;
  let application: INestApplication;
  /** Webhooks that the guards let in. */
  const arrived: EventTriggerPayload<{ id: number }>[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    folder = await mkdtemp(join(tmpdir(), 'event-triggers-sample-'));
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    vi.stubEnv('DATABASE_URL', database.url);
    vi.stubEnv('EMAILS_FILE', join(folder, 'emails.jsonl'));
    vi.stubEnv('NHOST_BACKEND_URL', url);
    vi.stubEnv('NHOST_WEBHOOK_SECRET', SECRET);
    vi.stubEnv('PLACE_ORDERS', '0');
    // It reads its environment as it is loaded.
    const { AppModule } = await import('../../sample-app/app.module.js');
    application = await NestFactory.create(AppModule, {
      logger: ['error', 'fatal'],
      abortOnError: false,
    });
    application.useGlobalInterceptors({
      intercept(context, next) {
        const { body } = context
          .switchToHttp()
          .getRequest<{ body?: Partial<EventTriggerPayload> }>();
        if (body?.trigger) arrived.push(body as EventTriggerPayload<{ id: number }>);
        return next.handle();
      },
    });
    await application.listen(port, '127.0.0.1');
  });

  afterAll(async () => {
    await application.close();
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
    await database.drop();
  });

  const send = (method: string, path: string, body?: object, headers = {}) =>
    fetch(`${url}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body && { body: JSON.stringify(body) }),
    });

  const emails = async (): Promise<object[]> => {
    const lines = await readFile(join(folder, 'emails.jsonl'), 'utf8');
    return lines
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as object);
  };

  const events = async (): Promise<string[]> => {
    const rows = await database.query<{ operation: string }>(
      `select e.operation::text
         from event_triggers.event e
         join event_triggers.event_trigger t
           on t.id = e.trigger_id
        where t.name in ('order_created', 'order_shipped')
        order by e.id`,
    );
    return rows.map(({ operation }) => operation);
  };

  const ofTrigger = (name: string) => arrived.filter(({ trigger }) => trigger.name === name);

  it('sends one e-mail for an order, although its webhook comes again', async () => {
    const placed = await send('POST', '/orders', ORDER);
    expect(placed.status, 'of the order that is placed').toBe(201);

    const written = await eventually(
      async () => {
        const lines = await emails();
        return lines.length > 0 && lines;
      },
      { describe: 'an e-mail' },
    );

    const email = {
      to: 'ada@example.com',
      subject: 'Your order 1',
      text: 'Thank you for ordering 2 x tea.',
    };
    expect(written, 'the e-mails that were written').toEqual([email]);
    const again = await send('POST', '/v1/functions/send-order-email', arrived[0], {
      'nhost-webhook-secret': SECRET,
    });
    expect(again.status, 'of the same webhook once more').toBe(204);
    expect(await emails(), 'no e-mail more').toEqual([email]);
  });

  it('sends the same webhook to a plain Express function beside it, which lets nobody else in', async () => {
    const [{ status } = { status: 0 }] = await eventually(
      async () => {
        const rows = await database.query<{ status: number }>(
          `select a.status
             from event_triggers.attempt a
             join event_triggers.event_trigger t
               on t.id = a.trigger_id
            where t.name = 'order_created_for_functions'`,
        );
        return rows.length > 0 && rows;
      },
      { describe: 'an attempt at the function' },
    );
    expect(status, 'what the function answered').toBe(200);
    const refused = await fetch(`${process.env['FUNCTIONS_URL']}/v1/functions/send-order-email`, {
      method: 'POST',
      headers: { 'nhost-webhook-secret': 'guess' },
    });
    expect([refused.status, await refused.text()]).toEqual([400, 'Incorrect webhook secret']);
  });

  it('has the carrier refuse a shipment twice and accept it the third time', async () => {
    expect((await send('PATCH', '/orders/1/ship')).status, 'of shipping').toBe(200);

    const attempts = await eventually(
      async () => {
        const rows = await database.query<{ number: number; status: number; event: string }>(
          `select a.number, a.status, a.event_id::text as event
             from event_triggers.attempt a
             join event_triggers.event_trigger t
               on t.id = a.trigger_id
            where t.name = 'order_shipped'
            order by a.number`,
        );
        return rows.length >= 3 && rows;
      },
      { describe: 'three attempts at the shipment' },
    );

    expect(
      attempts.map(({ status }) => status),
      'what the carrier answered',
    ).toEqual([503, 503, 204]);
    const shipments = ofTrigger('order_shipped');
    expect(
      shipments.map(({ delivery_info }) => delivery_info.current_retry),
      'what the carrier was told of attempts before',
    ).toEqual([0, 1, 2]);
    expect(new Set(shipments.map(({ id }) => id)).size, 'one id for all attempts').toBe(1);
  });

  it('makes no event of shipping it again', async () => {
    await send('PATCH', '/orders/1/ship');
    await database.query(
      `update orders set status = 'shipped', product = 'green tea' where id = 1`,
    );

    expect(await events(), 'events so far: the order and its shipment').toEqual([
      'INSERT',
      'UPDATE',
    ]);
  });

  it.each(['send-order-email', 'announce-shipment'])(
    'lets nobody call %s who does not know the secret',
    async (receiver) => {
      const known = arrived.length;

      const statuses = await Promise.all(
        [{}, { 'nhost-webhook-secret': 'guess' }].map(async (headers) => {
          const { status } = await send('POST', `/v1/functions/${receiver}`, arrived[0], headers);
          return status;
        }),
      );

      expect(statuses, 'without a secret, and with a wrong one').toEqual([401, 401]);
      expect(arrived, 'webhooks that were let in').toHaveLength(known);
    },
  );
});
