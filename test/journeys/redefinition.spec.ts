import { isDeepStrictEqual } from 'node:util';
import type { INestApplicationContext } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startApplication } from '../support/application.js';
import { payloadIn } from '../support/payload.js';
import { startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/wait-until.js';

/** One after the other, so that each can say after which of its changes the other definition was in force. */
const WRITERS = 3;
/** Changes of each writer under a definition before the next step: some match it, some do not. */
const CHANGES = 30;
/** Slow enough that most of the changes still wait when the next release boots. */
const SLOW_MS = 100;

/** The definition of the release before takes every second change, the one after it every third. */
const BEFORE = 2;
const AFTER = 3;

interface Order {
  writer: number;
  n: number;
}

interface Redefinition {
  before: object;
  after: object;
  /** The change number $2 of the writer $1. */
  change: string;
}

describe('a definition that changes under its name while rows are written', () => {
  let database: TestDatabase;
  let receiver: FakeReceiver;
  const applications: INestApplicationContext[] = [];

  beforeEach(async () => {
    receiver = await startFakeReceiver();
    database = await createTestDatabase();
    await database.query('create table orders (writer int, n int, total int, note int)');
  });

  afterEach(async () => {
    await Promise.all(applications.splice(0).map((application) => application.close()));
    await receiver.close();
    await database.drop();
  });

  const boot = async (definition: object, dispatcher = {}) => {
    const trigger = { name: 'order_changed', table: 'orders', webhook: receiver.url };
    applications.push(
      await startApplication({
        database,
        eventTriggers: { dispatcher, triggers: [{ ...trigger, ...definition }] },
      }),
    );
  };

  /** Writers that change rows until they are stopped. */
  const startWriters = (change: string) => {
    const changes = Array.from({ length: WRITERS }, () => 0);
    let stopped = false;
    const write = async (writer: number) => {
      const connection = await database.client();
      while (!stopped) {
        const n = changes[writer]! + 1;
        await connection.query(change, [writer, n]);
        changes[writer] = n;
      }
    };
    const writing = changes.map((_, writer) => write(writer));
    return {
      async more(): Promise<void> {
        const wanted = changes.map((n) => n + CHANGES);
        await eventually(() => changes.every((n, writer) => n >= wanted[writer]!), {
          describe: `${CHANGES} more changes of each writer`,
        });
      },
      /** How many changes each of them made. */
      async stop(): Promise<number[]> {
        stopped = true;
        await Promise.all(writing);
        return changes;
      },
    };
  };

  const everythingIsDelivered = () =>
    eventually(
      async () => {
        const [left] = await database.query<{ events: number }>(
          `select count(*)::int as events from event_triggers.event e
            where not exists (select from event_triggers.attempt a where a.event_id = e.id and a.outcome = 'delivered')`,
        );
        expect(left?.events, 'events that were not delivered').toBe(0);
        return true;
      },
      { describe: 'an attempt that delivered it for each captured event' },
    );

  const deliveredOf = (writer: number): number[] =>
    receiver.requests
      .map((request) => payloadIn<Order>(request).event.data.new!)
      .filter((order) => order.writer === writer)
      .map(({ n }) => n)
      .sort((one, other) => one - other);

  it.each<[string, Redefinition]>([
    [
      'condition',
      {
        before: { insert: { when: `new.n % ${BEFORE} = 0` } },
        after: { insert: { when: `new.n % ${AFTER} = 0` } },
        change: 'insert into orders (writer, n) values ($1, $2)',
      },
    ],
    [
      'list of columns',
      {
        before: { update: { columns: ['total'] } },
        after: { update: { columns: ['note'] } },
        change: `
          update orders
             set n = $2,
                 total = case when $2 % ${BEFORE} = 0 then $2 else total end,
                 note = case when $2 % ${AFTER} = 0 then $2 else note end
           where writer = $1`,
      },
    ],
  ])(
    'by another %s misses no change that it takes, and takes none twice',
    async (_case, { before, after, change }) => {
      await database.query(`insert into orders select w, 0 from generate_series(0, $1 - 1) w`, [
        WRITERS,
      ]);
      await boot(before);
      const writers = startWriters(change);
      await writers.more();

      await boot(after);

      await writers.more();
      const changes = await writers.stop();
      await everythingIsDelivered();
      for (const [writer, last] of changes.entries()) {
        const delivered = deliveredOf(writer);
        const takenIfSwitchedAfter = (change: number) =>
          upTo(last).filter((n) => n % (n <= change ? BEFORE : AFTER) === 0);
        const fitting = upTo(last).find((n) =>
          isDeepStrictEqual(takenIfSwitchedAfter(n), delivered),
        );
        const lastOfBefore = delivered.findLast((n) => n % AFTER !== 0) ?? 0;
        expect(
          delivered,
          `what writer ${writer} changed, as one definition takes it up to some change and the other from there on`,
        ).toEqual(takenIfSwitchedAfter(fitting ?? lastOfBefore));
        expect(
          delivered.some((n) => n % AFTER !== 0),
          'the definition before was in force',
        ).toBe(true);
        expect(
          delivered.some((n) => n % BEFORE !== 0),
          'the definition after was in force',
        ).toBe(true);
      }
    },
  );

  it('keeps what waits in the log for the definition before', async () => {
    receiver.respondWith({ delayMs: SLOW_MS });
    await boot({ insert: true }, { concurrency: 1, batchSize: 1 });
    await database.query('insert into orders select 0, g from generate_series(1, $1::int) g', [
      CHANGES,
    ]);
    await receiver.waitFor(1);

    await boot({ insert: { when: 'false' } });

    await everythingIsDelivered();
    expect(deliveredOf(0), 'each change once').toEqual(upTo(CHANGES));
  });
});

const upTo = (last: number): number[] => Array.from({ length: last }, (_, place) => place + 1);
