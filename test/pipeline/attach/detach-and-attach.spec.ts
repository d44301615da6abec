import type pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ALL_ROWS,
  createCapturedDatabase,
  someoneWaits,
  trigger,
  type CapturedDatabase,
  type TriggerOf,
} from '../support/captured-database.js';

let database: CapturedDatabase;
beforeEach(async () => {
  database = await createCapturedDatabase();
  await database.query('create table orders (id int primary key, status text, total int)');
});
afterEach(() => database.drop());

/** Runs a migration in one transaction and returns the warnings it raised. */
async function migrate(...statements: string[]): Promise<string[]> {
  const connection = await database.client();
  const warnings: string[] = [];
  connection.on('notice', (notice) => {
    if (notice.severity === 'WARNING') warnings.push(notice.message ?? '');
  });
  await connection.query('begin');
  for (const statement of statements) await connection.query(statement);
  await connection.query('commit');
  return warnings;
}

async function watch(definition: Omit<TriggerOf, 'table'>): Promise<void> {
  await database.reconcile([trigger({ table: 'orders', ...definition })]);
}

async function capturedBy(...statements: string[]): Promise<string[]> {
  for (const statement of statements) await database.query(statement);
  return (await database.captured()).map(({ operation }) => operation);
}

const [detach, attach] = [
  `select event_triggers.detach('orders')`,
  `select event_triggers.attach('orders')`,
];

describe('without detaching', () => {
  it.each([
    ['a listened column', { update: { columns: ['status'] } }, 'drop column status'],
    [
      'a column of a condition',
      { insert: { when: 'new.total > 1' } },
      'alter column total type bigint',
    ],
    ['the key', { insert: {} }, 'drop column id'],
  ])('Postgres refuses to change %s', async (_, definition, change) => {
    await watch(definition);
    await expect(database.query(`alter table orders ${change}`)).rejects.toThrow(
      /cannot (drop|alter)/,
    );
  });

  it('Postgres drops the table only with CASCADE, because of the key', async () => {
    await watch({ insert: {} });
    await expect(database.query('drop table orders')).rejects.toThrow(/other objects depend on it/);
    await migrate(detach, 'drop table orders');
  });
});

describe('a migration between detach and attach', () => {
  it('may change every column that is named', async () => {
    await watch({ ...ALL_ROWS, update: { columns: ['status', 'total'], when: 'new.id > 0' } });
    const warnings = await migrate(
      detach,
      'alter table orders drop column status, alter column id type bigint, alter column total type numeric',
      attach,
    );
    expect(warnings).toEqual([
      'event trigger "watch": update no longer listens to the column "status", which does not exist',
    ]);
    expect(
      await capturedBy('insert into orders values (1, 2)', 'update orders set total = 3'),
    ).toEqual(['INSERT', 'UPDATE']);
  });

  it('leaves an operation out where all that it listens to is gone', async () => {
    await watch({ ...ALL_ROWS, update: { columns: ['status'] } });
    const warnings = await migrate(detach, 'alter table orders drop column status', attach);
    expect(warnings).toContain(
      'event trigger "watch": update is not captured, since no column is left that it listens to',
    );
    expect(
      await capturedBy(
        'insert into orders values (1, 2)',
        'update orders set total = 3',
        'delete from orders',
      ),
    ).toEqual(['INSERT', 'DELETE']);
  });

  it('is told which condition no longer fits, and how to go on', async () => {
    await watch({ insert: { when: 'new.total > 100' } });
    const attempt = migrate(detach, 'alter table orders drop column total', attach);
    await expect(attempt).rejects.toThrow(
      /event trigger "watch": the condition of insert does not fit public\.orders: "new\.total > 100": column new\.total does not exist/,
    );
    const error: pg.DatabaseError = (await attempt.catch(
      (cause: pg.DatabaseError) => cause,
    )) as never;
    expect(error.hint).toMatch(
      /deploy a definition without the condition, or call attach\('public\.orders', leave_out => '\{watch\}'\)/,
    );
  });

  it('may leave a trigger out, which the next boot attaches as it is defined then', async () => {
    await database.reconcile([
      trigger({ name: 'a', table: 'orders', insert: { when: 'new.total > 100' } }),
      trigger({ name: 'b', table: 'orders', insert: {} }),
    ]);
    await migrate(
      detach,
      'alter table orders drop column total',
      `select event_triggers.attach('orders', leave_out => '{a}')`,
    );
    expect(await database.triggersOn('orders')).toEqual(['!event_triggers:b:insert']);
    await database.reconcile([
      trigger({ name: 'a', table: 'orders', insert: { when: 'new.id > 100' } }),
      trigger({ name: 'b', table: 'orders', insert: {} }),
    ]);
    expect(await database.triggersOn('orders')).toHaveLength(2);
  });

  it('is told of a name to leave out that does not exist', async () => {
    await watch({ insert: {} });
    const attempt = migrate(
      detach,
      `select event_triggers.attach('orders', leave_out => '{wach}')`,
    );
    await expect(attempt).rejects.toThrow(/there is no event trigger "wach" to leave out/);
  });

  it('may rename the table and move it to another schema', async () => {
    await watch({ insert: {} });
    await migrate(
      detach,
      'create schema sales; alter table orders set schema sales; alter table sales.orders rename to purchases',
      `select event_triggers.attach('sales.purchases')`,
    );
    await database.query('insert into sales.purchases values (1)');
    expect(await capturedBy()).toEqual(['INSERT']);
    const wanted = [trigger({ schema: 'sales', table: 'purchases', insert: {} })];
    expect(await database.reconcile(wanted)).toMatchObject({ attached: [], updated: [] });
  });

  it('is undone as a whole when it is rolled back', async () => {
    await watch({ insert: {} });
    await expect(migrate(detach, 'no sql')).rejects.toThrow(/syntax error/);
    expect(await capturedBy('insert into orders values (1)')).toEqual(['INSERT']);
  });

  it('takes the triggers of every application off and puts them back', async () => {
    await watch({ insert: {} });
    await database.reconcile(
      [trigger({ name: 'theirs', application: 'billing', table: 'orders', insert: {} })],
      {
        application: 'billing',
      },
    );
    await migrate(detach);
    expect(await database.triggersOn('orders')).toEqual([]);
    await migrate(attach);
    expect(await database.triggersOn('orders')).toHaveLength(2);
  });

  it('brings back no trigger that was removed', async () => {
    await watch({ insert: {} });
    await database.reconcile([]);
    await migrate(detach, attach);
    expect(await database.triggersOn('orders')).toEqual([]);
  });

  it('loses nothing of those who write at the same time', async () => {
    await watch({ ...ALL_ROWS, update: { columns: ['status', 'total'] } });
    const writers = await Promise.all([database.client(), database.client()]);
    let stop = false;
    const counts = writers.map(async (writer, place) => {
      let written = 0;
      while (!stop) {
        await writer.query('insert into orders values ($1)', [place + 2 * written]);
        written++;
      }
      return written;
    });
    await migrate(
      detach,
      'select pg_sleep(0.2)',
      'alter table orders drop column status',
      'select pg_sleep(0.2)',
      attach,
    );
    stop = true;
    const written = (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
    expect(await capturedBy()).toHaveLength(written);
  });

  it('keeps writers out from the moment it detaches', async () => {
    await watch({ insert: {} });
    const migration = await database.client();
    await migration.query(`begin; ${detach}`);
    const writer = await database.client();
    const writing = writer.query('insert into orders values (1)');
    await someoneWaits(database);
    await migration.query(`${attach}; commit`);
    await writing;
    expect(await capturedBy()).toEqual(['INSERT']);
  });
});
