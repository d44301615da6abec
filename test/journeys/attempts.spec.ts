import type { INestApplicationContext } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CLAIM_OF_RETRIES } from '../../lib/schema/migrations/0004-claim.sql.js';
import { startApplication } from '../support/application.js';
import { startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/wait-until.js';

/** Time enough for the receiver to go away after the first attempt, and to come back after the second. */
const DELAYS = ['2s', '1s'] as const;
/** What the receiver takes for its refusal: longer than an attempt waits to be written down. */
const REFUSAL_MS = 300;
/** No timer fires earlier than this before its time. */
const TIMER_MS = 2;

interface AttemptRow {
  number: number;
  outcome: string;
  status: number | null;
  duration: number;
  code: string | null;
  message: string | null;
  headers: string | null;
  excerpt: string | null;
  fresh: boolean;
}

describe('the log of attempts', () => {
  let database: TestDatabase;
  let receiver: FakeReceiver;
  let application: INestApplicationContext | undefined;

  beforeEach(async () => {
    database = await createTestDatabase();
    await database.query('create table orders (id int primary key)');
  });

  afterEach(async () => {
    await application?.close();
    await receiver.close();
    await database.drop();
  });

  const attempts = (count: number): Promise<AttemptRow[]> =>
    eventually(
      async () => {
        const rows = await database.query<AttemptRow>(
          `select number, outcome::text, status, duration_ms as duration, error_code as code, error_message as message,
                  response_headers as headers, response_body as excerpt, claim <> ${CLAIM_OF_RETRIES} as fresh
             from event_triggers.attempt
            order by created_at`,
        );
        return rows.length >= count && rows;
      },
      { describe: `${count} attempts in the log` },
    );

  it('tells of each what was answered, or why nothing was', async () => {
    receiver = await startFakeReceiver({
      respond: {
        status: 503,
        headers: { 'x-request-id': 'r-1', 'set-cookie': ['a=1', 'b=2'] },
        body: 'the oven is “cold”',
        delayMs: REFUSAL_MS,
      },
    });
    const { url } = receiver;
    application = await startApplication({
      database,
      eventTriggers: {
        retry: { strategy: DELAYS, jitter: false },
        triggers: [{ name: 'order_created', table: 'orders', insert: true, webhook: url }],
      },
    });

    await database.query('insert into orders values (1)');
    await attempts(1);
    await receiver.close();
    await attempts(2);
    receiver = await startFakeReceiver({
      port: Number(new URL(url).port),
      respond: { status: 200, headers: { 'x-request-id': 'r-3' }, body: 'thanks' },
    });
    const rows = await attempts(3);

    expect(rows).toEqual([
      {
        number: 1,
        outcome: 'retry',
        status: 503,
        duration: expect.any(Number),
        code: 'HTTP_503',
        message: 'The receiver answered 503',
        headers: expect.any(String),
        excerpt: 'the oven is “cold”',
        fresh: true,
      },
      {
        number: 2,
        outcome: 'retry',
        status: null,
        duration: expect.any(Number),
        code: 'ECONNREFUSED',
        message: `${url}: nothing listens there`,
        headers: null,
        excerpt: null,
        fresh: false,
      },
      {
        number: 3,
        outcome: 'delivered',
        status: 200,
        duration: expect.any(Number),
        code: null,
        message: null,
        headers: expect.any(String),
        excerpt: 'thanks',
        fresh: false,
      },
    ]);
    expect(
      JSON.parse(rows[0]!.headers!),
      'a header that came twice is a list in its JSON',
    ).toMatchObject({ 'x-request-id': 'r-1', 'set-cookie': ['a=1', 'b=2'] });
    expect(JSON.parse(rows[2]!.headers!)).toMatchObject({ 'x-request-id': 'r-3' });
    expect(
      rows[0]!.duration,
      `milliseconds of an attempt whose answer took ${REFUSAL_MS}`,
    ).toBeGreaterThanOrEqual(REFUSAL_MS - TIMER_MS);
    expect(rows[1]!.duration, 'milliseconds until nobody answered').toBeGreaterThan(0);
  });
});
