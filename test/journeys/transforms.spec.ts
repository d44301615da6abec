import type { INestApplicationContext } from '@nestjs/common';
import { defineTrigger, type EventTriggerPayload } from 'nestjs-event-triggers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startApplication } from '../support/application.js';
import { startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/wait-until.js';

describe('a definition with a transform', () => {
  let database: TestDatabase;
  let receiver: FakeReceiver;
  const applications: INestApplicationContext[] = [];

  beforeEach(async () => {
    receiver = await startFakeReceiver();
    database = await createTestDatabase();
    await database.query('create table orders (id int primary key, total numeric)');
  });
  afterEach(async () => {
    await Promise.all(applications.splice(0).map((application) => application.close()));
    await receiver.close();
    await database.drop();
  });

  const boot = async (triggers: Parameters<typeof defineTrigger>[0][]): Promise<void> => {
    applications.push(await startApplication({ database, eventTriggers: { triggers } }));
  };
  const outcomes = (count: number) =>
    eventually(
      async () => {
        const rows = await database.query<object>(
          'select number, outcome::text, error_code as code from event_triggers.attempt order by created_at',
        );
        return rows.length >= count && rows;
      },
      { describe: `${count} attempts in the log` },
    );

  it('shapes each request, skips what it likes, and its failures are attempts in the log', async () => {
    let isBroken = true;
    await boot([
      defineTrigger({
        name: 'order_text',
        table: 'orders',
        insert: true,
        webhook: receiver.url,
        transform: ({ event }: EventTriggerPayload<{ id: number; total: string }>) => {
          const row = event.data.new;
          if (row === null || row.id === 1) return 'skip';
          if (isBroken) {
            isBroken = false;
            throw Object.assign(new Error('not yet'), { code: 'NOT_YET' });
          }
          return { url: `${receiver.url}/${row.id}`, body: `total: ${row.total}` };
        },
      }),
    ]);
    await database.query('insert into orders values (1, 1)');
    await outcomes(1);
    await database.query('insert into orders values (2, 12345678901234567890.50)');
    await receiver.waitFor(1);
    expect(receiver.requests).toMatchObject([
      { path: '/2', body: 'total: 12345678901234567890.50' },
    ]);
    expect(await outcomes(3)).toEqual([
      { number: 1, outcome: 'delivered', code: 'SKIPPED' },
      { number: 1, outcome: 'retry', code: 'NOT_YET' },
      { number: 2, outcome: 'delivered', code: null },
    ]);
  });

  it('is delivered by replicas that have it, and left alone by those that lack it', async () => {
    const definition = {
      name: 'order_text',
      table: 'orders',
      insert: true,
      webhook: receiver.url,
    } as const;
    await boot([definition]);
    await boot([{ ...definition, transform: () => ({ body: 'transformed' }) }]);
    for (let id = 1; id <= 20; id += 1)
      await database.query('insert into orders values ($1, 0)', [id]);
    await receiver.waitFor(20);
    expect(new Set(receiver.requests.map(({ body }) => body))).toEqual(new Set(['transformed']));
  });

  it.each([
    [{ format: 'cloudevents' }, /format means nothing without a webhook/],
    [{ transform: () => 'skip' }, /transform means nothing without a webhook/],
    [{ webhook: 'http://127.0.0.1:9', format: 'xml' }, /format: must be 'hasura', 'cloudevents'/],
    [{ webhook: 'http://127.0.0.1:9', transform: 'skip' }, /transform: must be a function/],
    [{ webhook: 'http://127.0.0.1:9', maxBodyBytes: 0 }, /maxBodyBytes: must be a whole number/],
  ])('ends the boot where it cannot be meant, as a format does: %o', async (more, message) => {
    const trigger = { name: 'orders', table: 'orders', insert: true, ...more };
    await expect(boot([trigger as never])).rejects.toThrow(message);
  });
});
