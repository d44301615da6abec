import { Injectable, type INestApplicationContext, type LoggerService } from '@nestjs/common';
import { EventTriggersService, OnEventTrigger } from 'nestjs-event-triggers';
import { startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startApplication } from '../support/application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/wait-until.js';

/** Each where one may be: a header, the webhook secret, a URL, a row, an answer. */
const CONFIDENTIAL = {
  header: 'header-4711',
  secret: 'secret-4712',
  query: 'query-4713',
  row: 'row-4714',
  answer: 'answer-4715',
  location: 'location-4716',
  handler: 'handler-4717',
  transform: 'transform-4718',
  listener: 'listener-4719',
};
/** Enough for the breaker to conclude something. */
const EVENTS = 25;

@Injectable()
class FailingHandler {
  @OnEventTrigger('order_unhandled')
  handle(): void {
    throw Object.assign(new Error(CONFIDENTIAL.handler), { code: `no ${CONFIDENTIAL.handler}` });
  }
}

describe('what an application logs', () => {
  let database: TestDatabase;
  let receiver: FakeReceiver;
  let application: INestApplicationContext | undefined;
  const lines: string[] = [];

  beforeEach(async () => {
    lines.length = 0;
    database = await createTestDatabase();
    await database.query('create table orders (id int primary key, note text)');
    receiver = await startFakeReceiver();
  });

  afterEach(async () => {
    await application?.close();
    await receiver.close();
    await database.drop();
  });

  const hear = (message: unknown, ...more: unknown[]): void => {
    if (more.at(-1) === 'EventTriggers') lines.push(String(message));
  };
  const logger: LoggerService = { log: hear, warn: hear, error: hear };
  const codes = (): (string | undefined)[] =>
    lines.map((line) => / \(code=([a-z-]+)[^()]*\)$/.exec(line)?.[1]);

  it('has a line for each pause and resumption by hand, and none where nothing changes', async () => {
    application = await startApplication({
      database,
      logger,
      eventTriggers: {
        triggers: [{ name: 'order_created', table: 'orders', insert: true, webhook: receiver.url }],
      },
    });
    const service = application.get(EventTriggersService);
    for (const call of ['pause', 'resume', 'pauseCapture', 'resumeCapture'] as const)
      for (let times = 0; times < 2; times += 1) await service[call]('order_created');
    expect(codes().filter((code) => code !== 'triggers-attached')).toEqual([
      'delivery-paused',
      'delivery-resumed',
      'capture-paused',
      'capture-resumed',
    ]);
  });

  it('has a code on each line, and nothing that is confidential', async () => {
    receiver.respondWith({ status: 500, body: CONFIDENTIAL.answer });
    await database.query(`insert into orders values (0, '${CONFIDENTIAL.row}')`);
    const redirecting = await startFakeReceiver();
    redirecting.respondWith({
      status: 302,
      headers: { location: `/?token=${CONFIDENTIAL.location}` },
    });
    application = await startApplication({
      database,
      logger,
      imports: [{ module: class Handlers {}, providers: [FailingHandler] }],
      eventTriggers: {
        webhookSecret: CONFIDENTIAL.secret,
        triggers: [
          {
            name: 'order_failing',
            table: 'orders',
            insert: true,
            webhook: `${receiver.url}?token=${CONFIDENTIAL.query}`,
            headers: [{ name: 'authorization', value: `Bearer ${CONFIDENTIAL.header}` }],
            retry: { attempts: 5, strategy: 'fixed', delay: '1h' },
          },
          {
            name: 'order_dead',
            table: 'orders',
            insert: true,
            webhook: `http://127.0.0.1:1/?token=${CONFIDENTIAL.query}`,
            retry: { attempts: 1 },
          },
          {
            name: 'order_redirected',
            table: 'orders',
            insert: true,
            webhook: redirecting.url,
            retry: { attempts: 1 },
          },
          {
            name: 'order_transformed',
            table: 'orders',
            insert: true,
            webhook: receiver.url,
            transform: () => {
              throw new TypeError(CONFIDENTIAL.transform);
            },
          },
          { name: 'order_unhandled', table: 'orders', insert: true, retry: { attempts: 1 } },
          {
            name: 'order_warned',
            table: 'orders',
            update: { when: 'new.note::integer > 0' },
            webhook: receiver.url,
          },
        ],
        onDeadLetter: () => {
          throw new Error(CONFIDENTIAL.listener);
        },
      },
    });
    await database.query(
      `insert into orders select n, '${CONFIDENTIAL.row}' from generate_series(1, ${EVENTS}) n`,
    );
    const wanted = [
      'trigger-warning',
      'triggers-attached',
      'delivery-failing',
      'breaker-opened',
      'dead-letters',
      'dead-letter-listener-failed',
    ];
    await eventually(() => wanted.every((code) => codes().includes(code)), {
      describe: `${wanted.join(', ')}`,
    });
    const causes = [
      'trigger=order_failing error=HTTP_500',
      'trigger=order_dead error=ECONNREFUSED',
      'trigger=order_redirected error=HTTP_302',
      'trigger=order_transformed error=TypeError',
      'trigger=order_unhandled',
    ];
    const told = (cause: string): boolean =>
      lines.some((line) => line.replace(/ count=\d+/, '').endsWith(`${cause})`));
    await eventually(() => causes.every(told), {
      describe: `${causes.join(', ')}, of: ${lines.join('\n')}`,
    });
    await redirecting.close();

    expect(
      lines.filter((_, place) => codes()[place] === undefined),
      'lines without a code',
    ).toEqual([]);
    expect(
      lines.filter((line) => line.includes('\n')),
      'more than a line',
    ).toEqual([]);
    for (const [where, text] of Object.entries(CONFIDENTIAL)) {
      expect(
        lines.filter((line) => line.includes(text)),
        `lines that tell of the ${where}`,
      ).toEqual([]);
    }
  });
});
