import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  InvalidTriggerError,
  SchemaError,
  TableLockedError,
} from '../../../lib/event-triggers.errors.js';
import {
  ALL_ROWS,
  createCapturedDatabase,
  reconcile,
  trigger,
  type CapturedDatabase,
} from '../support/captured-database.js';

let database: CapturedDatabase;
beforeEach(async () => {
  database = await createCapturedDatabase();
  await database.query('create table orders (id int primary key, status text, total int)');
});
afterEach(() => database.drop());

const rows = (): Promise<unknown[]> =>
  database.query('select * from event_triggers.event_trigger order by name');

const nothing = { created: [], attached: [], updated: [], removed: [], settled: [], warnings: [] };

describe('verifying', () => {
  it('passes where all is in place', async () => {
    await database.reconcile([trigger({ table: 'orders', insert: {} })]);
    const report = await database.reconcile([trigger({ table: 'orders', insert: {} })], {
      install: 'verify',
    });
    expect(report).toEqual(nothing);
  });

  it('lists every difference and changes nothing', async () => {
    const kept = ['gone', 'stored', 'detached', 'changed'].map((name) =>
      trigger({ name, table: 'orders', insert: {} }),
    );
    await database.reconcile(kept);
    await database.query('drop trigger "!event_triggers:detached:insert" on orders');
    const before = [await rows(), await database.triggersOn('orders')];
    const attempt = database.reconcile(
      [
        trigger({ name: 'absent', table: 'orders', insert: {} }),
        trigger({ name: 'stored', table: 'orders', insert: {}, webhook: 'http://b/' }),
        trigger({ name: 'detached', table: 'orders', insert: {} }),
        trigger({ name: 'changed', table: 'orders', delete: {} }),
      ],
      { install: 'verify' },
    );
    await expect(attempt).rejects.toThrow(SchemaError);
    const error = await attempt.catch((cause: Error) => cause);
    expect((error as Error).message.split('\n').slice(1, -1)).toEqual([
      '  - "absent" is missing',
      '  - "stored" is stored with another definition',
      '  - "detached" was changed or dropped on the table by hand, or the table was replaced',
      '  - "changed" is attached otherwise than it is defined',
      '  - "gone" is no longer defined',
    ]);
    expect([await rows(), await database.triggersOn('orders')]).toEqual(before);
  });

  it('does nothing at all when installing is off', async () => {
    expect(
      await database.reconcile([trigger({ table: 'nowhere', insert: {} })], { install: 'off' }),
    ).toEqual(nothing);
  });
});

describe('a table that is busy', () => {
  it('is attached as soon as a long transaction ends', async () => {
    const writer = await database.client();
    await writer.query('begin; insert into orders values (1)');
    const attaching = database.reconcile([trigger({ table: 'orders', insert: {} })]);
    await sleep(1_500);
    await writer.query('commit');
    expect(await attaching).toMatchObject({ created: ['watch'] });
  });

  it('is never blocked for its writers for longer than a try', async () => {
    const holder = await database.client();
    await holder.query('begin; insert into orders values (0)');
    const attaching = database
      .reconcile([trigger({ table: 'orders', insert: {} })], { attachTimeout: 5_000 })
      .catch((error: Error) => error);
    const writer = await database.client();
    const waits: number[] = [];
    for (let order = 1; order <= 40; order++) {
      const start = performance.now();
      await writer.query('insert into orders values ($1)', [order]);
      waits.push(performance.now() - start);
      await sleep(50);
    }
    await holder.query('rollback');
    await attaching;
    expect(Math.max(...waits)).toBeLessThan(2_000);
  });

  it('is given up with the name of who is in the way, and nothing is left behind', async () => {
    const holder = await database.client();
    const [backend] = (await holder.query<{ pid: number }>('select pg_backend_pid() as pid')).rows;
    await holder.query('begin');
    await holder.query('insert into orders values (1) -- the culprit');
    const attempt = database.reconcile([trigger({ table: 'orders', ...ALL_ROWS })], {
      attachTimeout: 1_500,
    });
    await expect(attempt).rejects.toThrow(TableLockedError);
    await expect(attempt).rejects.toThrow(
      new RegExp(
        `within 1500 ms, because orders is locked by\\n.*pid ${backend?.pid}, .*, idle in transaction, .*the culprit`,
      ),
    );
    await holder.query('rollback');
    expect(await rows()).toEqual([]);
    expect(await database.triggersOn('orders')).toEqual([]);
  });

  it('does not keep readers out while a trigger is created or replaced', async () => {
    const reader = await database.client();
    await reader.query('begin; select * from orders');
    await database.reconcile([trigger({ table: 'orders', insert: {} })], { attachTimeout: 1_500 });
    await database.reconcile([trigger({ table: 'orders', insert: { when: 'true' } })], {
      attachTimeout: 1_500,
    });
    await reader.query('rollback');
    expect(await database.triggersOn('orders')).toHaveLength(1);
  });
});

describe('a definition that the database refuses', () => {
  const refused: [string, Parameters<typeof trigger>[0], string, RegExp][] = [
    [
      'a missing table',
      { table: 'order', insert: {} },
      '',
      /"watch": the table public\."?order"? does not exist/,
    ],
    [
      'a table of another schema',
      { table: 'invoices', insert: {} },
      'create schema b; create table b.invoices ()',
      /\n.*There is b\.invoices/,
    ],
    [
      'a missing column',
      { table: 'orders', update: { columns: ['state'] } },
      '',
      /the table public.orders has no column "state"\n.*id, status, total/,
    ],
    [
      'a missing payload column',
      { table: 'orders', delete: { payload: ['id', 'totel'] } },
      '',
      /the table public.orders has no column "totel"\n.*id, status, total/,
    ],
    ['a view', { table: 'v', insert: {} }, 'create view v as select 1', /public\.v is a view/],
    [
      'a materialized view',
      { table: 'v', insert: {} },
      'create materialized view v as select 1',
      /is a view/,
    ],
    ['a sequence', { table: 's', insert: {} }, 'create sequence s', /is not a table/],
    [
      'a foreign table',
      { table: 'f', insert: {} },
      'create foreign data wrapper w; create server s foreign data wrapper w; create foreign table f (a int) server s',
      /is a foreign table/,
    ],
    [
      'one of our own',
      { schema: 'event_triggers', table: 'event', insert: {} },
      '',
      /belongs to event triggers themselves/,
    ],
    [
      'one of the system',
      { schema: 'pg_catalog', table: 'pg_class', insert: {} },
      '',
      /belongs to Postgres itself/,
    ],
    [
      'a condition that is no SQL',
      { table: 'orders', insert: { when: 'new.total >' } },
      '',
      /the condition of insert does not fit public\.orders: "new\.total >": syntax error/,
    ],
    [
      'a condition on a missing column',
      { table: 'orders', update: { when: 'new.sum > 1' } },
      '',
      /the condition of update does not fit.*"new\.sum > 1": column new\.sum does not exist/,
    ],
    [
      'a condition on a row that the operation has not',
      { table: 'orders', delete: { when: 'new.total > 1' } },
      '',
      /the condition of delete does not fit/,
    ],
    [
      'a condition that is not boolean',
      { table: 'orders', insert: { when: 'new.total' } },
      '',
      /must be type boolean/,
    ],
    [
      'a condition with a subquery',
      { table: 'orders', insert: { when: 'exists (select 1)' } },
      '',
      /cannot use subquery in trigger WHEN condition/,
    ],
  ];
  it.each(refused)('%s', async (_, wanted, setup, message) => {
    if (setup) await database.query(setup);
    const attempt = database.reconcile([trigger(wanted)]);
    await expect(attempt).rejects.toThrow(InvalidTriggerError);
    await expect(attempt).rejects.toThrow(message);
  });

  it('a temporary table', async () => {
    const connection = await database.client();
    await connection.query('create temporary table t (a int)');
    const { rows: found } = await connection.query<{ schema: string }>(
      `select nspname as schema from pg_namespace where oid = pg_my_temp_schema()`,
    );
    const wanted = trigger({ schema: found[0]?.schema ?? '', table: 't', insert: {} });
    await expect(reconcile(connection, [wanted])).rejects.toThrow(/is a temporary table/);
  });

  it('leaves nothing half attached', async () => {
    const attempt = database.reconcile([
      trigger({ table: 'orders', insert: {}, update: { when: 'no such thing' } }),
    ]);
    await expect(attempt).rejects.toThrow(InvalidTriggerError);
    expect(await rows()).toEqual([]);
    expect(await database.triggersOn('orders')).toEqual([]);
  });

  it('leaves what was attached before as it was', async () => {
    await database.reconcile([trigger({ table: 'orders', insert: {} })]);
    const before = await rows();
    const attempt = database.reconcile([
      trigger({ table: 'orders', delete: {}, update: { when: 'no such' } }),
    ]);
    await expect(attempt).rejects.toThrow(InvalidTriggerError);
    expect(await rows()).toEqual(before);
    await database.query('insert into orders values (1)');
    expect(await database.captured()).toMatchObject([{ operation: 'INSERT' }]);
  });
});

describe('warnings', () => {
  it('tell a condition that fails for rows that are there', async () => {
    await database.query(`insert into orders values (1, 'x', 0)`);
    const { warnings } = await database.reconcile([
      trigger({
        table: 'orders',
        insert: { when: '1 / new.total > 1' },
        update: { when: 'old.total > 1' },
      }),
    ]);
    expect(warnings).toEqual([
      expect.stringMatching(
        /"watch": the condition of insert fails on a row that is there, .*: division by zero/,
      ),
    ]);
  });

  it('tell a condition that takes long', async () => {
    await database.query('insert into orders values (1)');
    const { warnings } = await database.reconcile([
      trigger({ table: 'orders', insert: { when: 'pg_sleep(5) is not null' } }),
    ]);
    expect(warnings).toEqual([expect.stringContaining('it takes longer than a moment')]);
  });

  it('tell that a row can leave a partition unseen', async () => {
    await database.query('create table p (id int primary key) partition by range (id)');
    const { warnings } = await database.reconcile([trigger({ table: 'p', update: {} })]);
    expect(warnings).toEqual([expect.stringContaining('moves a row to another partition of "p"')]);
    expect((await database.reconcile([trigger({ table: 'p', ...ALL_ROWS })])).warnings).toEqual([]);
  });

  it('tell that a virtual column is not in payloads, though conditions see it', async ({
    skip,
  }) => {
    const [server] = await database.query<{ version: number }>(
      `select current_setting('server_version_num')::int / 10000 as version`,
    );
    if ((server?.version ?? 0) < 18) skip('Virtual generated columns came with Postgres 18');
    await database.query(
      'create table g (id int primary key, a int, twice int generated always as (a * 2) virtual)',
    );
    const { warnings } = await database.reconcile([
      trigger({ table: 'g', insert: { when: 'new.twice > 2' } }),
    ]);
    expect(warnings).toEqual([expect.stringContaining('payloads hold null for twice of "g"')]);
    await database.query('insert into g values (1, 1), (2, 2)');
    expect(await database.captured()).toMatchObject([{ new: '{"id":2,"a":2,"twice":null}' }]);
  });
});
