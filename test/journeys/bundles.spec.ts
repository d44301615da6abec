import type { INestApplicationContext } from '@nestjs/common';
import type { EventTriggerPayload } from 'nestjs-event-triggers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startApplication } from '../support/application.js';
import {
  startFakeReceiver,
  type ReceivedRequest,
  type FakeReceiver,
} from 'nestjs-event-triggers/testing';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/wait-until.js';

type Payload = EventTriggerPayload<{ id: number }>;
const payloadsOf = ({ body }: ReceivedRequest): Payload[] => JSON.parse(body) as Payload[];
const rowOf = ({ event }: Payload): number => event.data.new!.id;
const WITHIN_MS = 1_000;

describe('a trigger that sends bundles', () => {
  let database: TestDatabase;
  let receiver: FakeReceiver;
  let application: INestApplicationContext | undefined;

  beforeEach(async () => {
    receiver = await startFakeReceiver();
    database = await createTestDatabase();
    await database.query('create table orders (id int primary key, version int default 0)');
  });
  afterEach(async () => {
    await application?.close();
    await receiver.close();
    await database.drop();
  });

  const boot = async (own: object): Promise<void> => {
    application = await startApplication({
      database,
      eventTriggers: {
        triggers: [
          {
            name: 'orders',
            table: 'orders',
            insert: true,
            update: true,
            webhook: receiver.url,
            ...own,
          },
        ],
      },
    });
  };
  const insert = (from: number, to: number) =>
    database.query('insert into orders select generate_series($1::int, $2::int)', [from, to]);
  const outcomes = (count: number) =>
    eventually(
      async () => {
        const rows = await database.query<{ outcome: string; count: number }>(
          'select outcome::text, count(*)::int from event_triggers.attempt group by outcome order by outcome::text',
        );
        const all = rows.reduce((sum, row) => sum + row.count, 0);
        return all >= count && rows;
      },
      { describe: `${count} attempts in the log` },
    );

  it('sends each event once, so many at a time, and writes an attempt down for each', async () => {
    await boot({ bundle: 40 });
    await insert(1, 250);
    expect(await outcomes(250)).toEqual([{ outcome: 'delivered', count: 250 }]);
    const sizes = receiver.requests.map((request) => payloadsOf(request).length);
    expect(Math.max(...sizes)).toBe(40);
    expect(sizes.length, 'as few requests as pages allow').toBeLessThan(20);
    const rows = receiver.requests.flatMap(payloadsOf).map(rowOf);
    expect(rows.sort((one, other) => one - other)).toEqual(
      Array.from({ length: 250 }, (_, place) => place + 1),
    );
  });

  it('sends again only those that the answer says have failed', async () => {
    receiver.respondWith((request, index) => {
      const failed = index > 0 ? [] : payloadsOf(request).filter((one) => rowOf(one) % 5 === 0);
      return {
        body: JSON.stringify({ statuses: Object.fromEntries(failed.map(({ id }) => [id, 503])) }),
      };
    });
    await boot({ bundle: { size: 20, within: '1s' } });
    await insert(1, 20);
    expect(await outcomes(24)).toEqual([
      { outcome: 'delivered', count: 20 },
      { outcome: 'retry', count: 4 },
    ]);
    const [, ...later] = receiver.requests.map(payloadsOf);
    expect(
      later
        .flat()
        .map(rowOf)
        .sort((one, other) => one - other),
    ).toEqual([5, 10, 15, 20]);
    for (const payload of later.flat()) expect(payload.delivery_info.current_retry).toBe(1);
  });

  it('gives up the one event that a receiver cannot take, and none of those that came with it', async () => {
    receiver.respondWith((request) => ({
      status: payloadsOf(request).some((one) => rowOf(one) === 7) ? 500 : 200,
    }));
    await boot({
      bundle: 16,
      breaker: false,
      retry: { strategy: 'fixed', delay: '100ms', jitter: false, attempts: 7 },
    });
    await insert(1, 16);
    const dead = await eventually(
      async () => {
        const rows = await database.query<{ id: number }>(
          `select (new ->> 'id')::int as id from event_triggers.dead_letter`,
        );
        const delivered = await database.query(
          `select from event_triggers.attempt where outcome = 'delivered'`,
        );
        return rows.length + delivered.length >= 16 && rows;
      },
      { describe: 'an end for each of the events' },
    );
    expect(dead).toEqual([{ id: 7 }]);
  });

  it('lets the first event wait for others as long as it says, and no longer', async () => {
    await boot({ bundle: { size: 3, within: WITHIN_MS } });
    const begin = Date.now();
    await insert(1, 1);
    await insert(2, 2);
    const [first] = await receiver.waitFor(1);
    expect(payloadsOf(first!).map(rowOf)).toEqual([1, 2]);
    expect(first!.at.getTime() - begin).toBeGreaterThanOrEqual(WITHIN_MS - 5);
    await insert(3, 5);
    const [, second] = await receiver.waitFor(2);
    expect(payloadsOf(second!).map(rowOf), 'a full one goes at once').toEqual([3, 4, 5]);
  });

  it('never has two changes of one row in a request, or under way, where the order is kept', async () => {
    await boot({ bundle: 10, ordering: 'row' });
    await insert(1, 5);
    for (let version = 1; version <= 4; version += 1)
      await database.query('update orders set version = $1', [version]);
    await outcomes(25);
    const seen = new Map<number, number>();
    for (const payloads of receiver.requests.map(payloadsOf)) {
      expect(new Set(payloads.map(rowOf)).size).toBe(payloads.length);
      for (const payload of payloads) {
        const { id, version } = payload.event.data.new as unknown as {
          id: number;
          version: number;
        };
        expect(version, `order ${id}`).toBe(seen.has(id) ? seen.get(id)! + 1 : 0);
        seen.set(id, version);
      }
    }
    expect([...seen.values()]).toEqual([4, 4, 4, 4, 4]);
  });

  it('counts requests by its limits', async () => {
    let underWay = 0;
    let most = 0;
    receiver.respondWith(async () => {
      most = Math.max(most, (underWay += 1));
      await new Promise((resolve) => setTimeout(resolve, 30));
      underWay -= 1;
      return { status: 200 };
    });
    await boot({ bundle: 10, concurrency: 2 });
    await insert(1, 100);
    await outcomes(100);
    expect(most).toBe(2);
    expect(receiver.requests.length).toBeLessThan(30);
  });

  it.each([
    [{ bundle: 1 }, /bundle: must be how many events one request has, from 2 to 1000/],
    [{ bundle: { size: 10, within: '2m' } }, /bundle: must be how many/],
    [{ bundle: { size: 10, for: 1 } }, /bundle: must be how many/],
    [{ bundle: 10, format: 'row' }, /a bundle of bare rows/],
    [{ bundle: 10, transform: () => 'skip' }, /the last word on one event/],
    [{ bundle: 10, webhook: undefined }, /bundle means nothing without a webhook/],
  ])('is refused where it cannot be meant: %o', async (own, message) => {
    await expect(boot(own)).rejects.toThrow(message);
  });
});
