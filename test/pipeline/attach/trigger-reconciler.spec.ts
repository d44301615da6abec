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

interface Row {
  id: number;
  name: string;
  application: string;
  installed: string[] | null;
  revision: string;
  removed: boolean;
}

async function rows(): Promise<Row[]> {
  return database.query<Row & Record<string, unknown>>(
    `select id, name, application, installed, revision, removed_at is not null as removed
       from event_triggers.event_trigger order by name`,
  );
}

async function streams(): Promise<unknown[]> {
  return database.query(
    `select b.trigger_id, b.from_tick = t.id and b.to_tick = t.id as at_newest_tick,
            b.after_id, b.last_id, b.size, b.more, b.dispatcher
       from event_triggers.batch b, (select max(id) as id from event_triggers.tick) t order by b.trigger_id, b.id`,
  );
}

async function pauses(): Promise<unknown[]> {
  return database.query(
    `select delivery_pause_reason as reason, delivery_paused_at is not null as paused from event_triggers.event_trigger`,
  );
}

const nothing = { created: [], attached: [], updated: [], removed: [], settled: [], warnings: [] };

describe('a new definition', () => {
  it('is attached, and its stream begins at a tick that was committed before', async () => {
    const report = await database.reconcile([
      trigger({ table: 'orders', ...ALL_ROWS, truncate: true }),
    ]);
    expect(report).toEqual({ ...nothing, created: ['watch'] });
    expect(await database.triggersOn('orders')).toEqual([
      '!event_triggers:watch:delete',
      '!event_triggers:watch:insert',
      '!event_triggers:watch:truncate',
      '!event_triggers:watch:update',
    ]);
    expect(await streams()).toEqual([
      {
        trigger_id: 1,
        at_newest_tick: true,
        after_id: '0',
        last_id: '0',
        size: 0,
        more: false,
        dispatcher: '00000000-0000-0000-0000-000000000000',
      },
    ]);
  });

  it('is left alone by the next boot', async () => {
    const wanted = [trigger({ table: 'orders', ...ALL_ROWS })];
    await database.reconcile(wanted);
    const before = await rows();
    expect(await database.reconcile(wanted)).toEqual(nothing);
    expect(await rows()).toEqual(before);
  });

  it('needs no table where it is only invoked by hand', async () => {
    await database.reconcile([trigger({ table: 'nowhere', manual: true })]);
    expect(await rows()).toMatchObject([{ name: 'watch', installed: [] }]);
    expect(await streams()).toHaveLength(1);
  });

  it('captures nothing while it is not enabled', async () => {
    await database.reconcile([trigger({ table: 'orders', insert: {}, enabled: false })]);
    expect(await database.triggersOn('orders')).toEqual([]);
  });

  it('is attached by ten replicas at once without a failure', async () => {
    const wanted = ['a', 'b', 'c'].map((name) => trigger({ name, table: 'orders', ...ALL_ROWS }));
    const connections = await Promise.all(Array.from({ length: 10 }, () => database.client()));
    const reports = await Promise.all(
      connections.map((connection) => reconcile(connection, wanted)),
    );
    expect(reports.flatMap(({ created }) => created).toSorted()).toEqual(['a', 'b', 'c']);
    expect(await streams()).toHaveLength(3);
  });

  it('is watched by two installations of one database apart from each other', async () => {
    const other = 'other "triggers"';
    const connection = await database.client();
    const { SchemaMigrator } = await import('../../../lib/schema/schema-migrator.js');
    await new SchemaMigrator(other).migrate(connection);
    const wanted = [trigger({ table: 'orders', insert: {} })];
    await database.reconcile(wanted);
    await reconcile(connection, wanted, {}, other);
    await database.query('insert into orders values (1)');
    const [count] = await database.query(
      `select (select count(*)::int from event_triggers.event) as ours, (select count(*)::int from "other ""triggers""".event) as theirs`,
    );
    expect(count).toEqual({ ours: 1, theirs: 1 });
  });
});

describe('a changed definition', () => {
  it('replaces what changed on the table and takes off what is no longer wanted', async () => {
    await database.reconcile([trigger({ table: 'orders', ...ALL_ROWS })]);
    const report = await database.reconcile([
      trigger({ table: 'orders', update: { columns: ['status'] }, truncate: true }),
    ]);
    expect(report).toEqual({ ...nothing, attached: ['watch'] });
    expect(await database.triggersOn('orders')).toEqual([
      '!event_triggers:watch:truncate',
      '!event_triggers:watch:update',
    ]);
    const functions = await database.query<{ proname: string }>(
      `select proname from pg_proc where proname ~ '^(capture|key_of)_\\d' order by 1`,
    );
    expect(functions.map(({ proname }) => proname)).toEqual([
      'capture_1_truncate',
      'capture_1_update',
      'key_of_1',
      'key_of_1',
    ]);
    expect(await streams()).toHaveLength(1);
  });

  it('touches only its row when it is about the destination', async () => {
    const wanted = trigger({ table: 'orders', insert: {} });
    await database.reconcile([wanted]);
    const before = await database.query(`select oid, xmin from pg_trigger where tgname like '!%'`);
    const [old] = await rows();
    const report = await database.reconcile([{ ...wanted, webhook: 'http://elsewhere/' }]);
    const [row] = await rows();
    expect(report).toEqual({ ...nothing, updated: ['watch'] });
    expect(await database.query(`select oid, xmin from pg_trigger where tgname like '!%'`)).toEqual(
      before,
    );
    expect(Number(row?.revision)).toBeGreaterThan(Number(old?.revision));
  });

  it('moves to another table with its stream', async () => {
    await database.query('create table invoices (id int primary key)');
    await database.reconcile([trigger({ table: 'orders', insert: {} })]);
    await database.reconcile([trigger({ table: 'invoices', insert: {} })]);
    expect(await database.triggersOn('orders')).toEqual([]);
    expect(await database.triggersOn('invoices')).toEqual(['!event_triggers:watch:insert']);
    expect(await streams()).toHaveLength(1);
  });

  it('keeps its number and stream under a new name', async () => {
    await database.reconcile([trigger({ name: 'old', table: 'orders', insert: {} })]);
    await database.reconcile([
      trigger({ name: 'new', formerly: ['older', 'old'], table: 'orders', insert: {} }),
    ]);
    expect(await rows()).toMatchObject([{ id: 1, name: 'new', removed: false }]);
    expect(await database.triggersOn('orders')).toEqual(['!event_triggers:new:insert']);
    expect(await streams()).toHaveLength(1);
    await database.query('insert into orders values (1)');
    expect(await database.captured()).toMatchObject([{ trigger: 'new', operation: 'INSERT' }]);
  });

  it('is what a switched off one becomes, and back', async () => {
    await database.reconcile([trigger({ table: 'orders', insert: {} })]);
    await database.reconcile([trigger({ table: 'orders', insert: {}, enabled: false })]);
    expect(await database.triggersOn('orders')).toEqual([]);
    await database.reconcile([trigger({ table: 'orders', insert: {} })]);
    expect(await database.triggersOn('orders')).toEqual(['!event_triggers:watch:insert']);
  });
});

describe('a definition that is gone', () => {
  it('leaves the table, and leaves what waits in its stream', async () => {
    await database.reconcile([trigger({ table: 'orders', insert: {} })]);
    await database.query('insert into orders values (1)');
    const report = await database.reconcile([]);
    expect(report.removed).toEqual(['watch']);
    expect(report.warnings, 'never without a word').toEqual([
      expect.stringMatching(/^Event trigger "watch": what waited \(1\) is kept\./),
    ]);
    await database.query('insert into orders values (2)');
    expect(await rows()).toMatchObject([{ id: 1, removed: true, installed: null }]);
    expect(await database.captured()).toMatchObject([{ key: '1' }]);
    expect(await streams()).toHaveLength(1);
    expect(
      await database.query(`select from pg_proc where proname ~ '^(capture|key_of)_\\d'`),
    ).toEqual([]);
  });

  it('comes back with its number and stream', async () => {
    const wanted = [trigger({ table: 'orders', insert: {} })];
    await database.reconcile(wanted);
    await database.reconcile([]);
    expect(await database.reconcile(wanted)).toEqual({ ...nothing, attached: ['watch'] });
    expect(await rows()).toMatchObject([{ id: 1, removed: false }]);
    expect(await streams()).toHaveLength(1);
  });

  it('is paused with what waits of it until it is defined again', async () => {
    const wanted = [trigger({ table: 'orders', insert: {} })];
    await database.reconcile(wanted);
    await database.reconcile([]);
    expect(await pauses()).toEqual([{ reason: 'removed', paused: true }]);
    await database.reconcile(wanted);
    expect(await pauses()).toEqual([{ reason: null, paused: false }]);
  });

  it('stays paused by hand when it is defined again', async () => {
    const wanted = [trigger({ table: 'orders', insert: {} })];
    await database.reconcile(wanted);
    await database.query(`select event_triggers.pause_delivery_v1(1, 'hand')`);
    await database.reconcile([]);
    await database.reconcile(wanted);
    expect(await pauses()).toEqual([{ reason: 'hand', paused: true }]);
  });

  it('goes on being delivered where it is to be drained', async () => {
    await database.reconcile([trigger({ table: 'orders', insert: {}, whenRemoved: 'drain' })]);
    await database.query('insert into orders values (1)');
    expect(await database.reconcile([])).toEqual({
      ...nothing,
      removed: ['watch'],
      settled: [{ name: 'watch', fate: 'drain', waiting: 1 }],
    });
    expect(await pauses()).toEqual([{ reason: null, paused: false }]);
  });

  it('gives up what waits of it where it is to be purged', async () => {
    await database.reconcile([trigger({ table: 'orders', insert: {}, whenRemoved: 'purge' })]);
    await database.query('insert into orders values (1), (2)');
    const { warnings } = await database.reconcile([]);
    expect(warnings).toEqual(['Event trigger "watch": what waited (2) was given up with it']);
    const [left] = await database.query(
      `select waiting::int from event_triggers.purge_v1(1, null)`,
    );
    expect(left).toEqual({ waiting: 0 });
  });

  it('stays where this replica may not remove', async () => {
    await database.reconcile([trigger({ table: 'orders', insert: {} })]);
    expect(await database.reconcile([], { removeMissing: false })).toEqual(nothing);
    expect(await database.triggersOn('orders')).toHaveLength(1);
  });

  it('can be removed when its table is gone too', async () => {
    await database.reconcile([trigger({ table: 'orders', insert: {} })]);
    await database.query('drop table orders cascade');
    await database.reconcile([]);
    expect(await rows()).toMatchObject([{ removed: true, installed: null }]);
  });
});

describe('another application', () => {
  const theirs = trigger({ name: 'theirs', application: 'billing', table: 'orders', insert: {} });
  beforeEach(() => database.reconcile([theirs], { application: 'billing' }));

  it('is left alone', async () => {
    await database.reconcile([trigger({ name: 'ours', table: 'orders', insert: {} })]);
    await database.reconcile([]);
    expect(await rows()).toMatchObject([
      { name: 'ours', removed: true },
      { name: 'theirs', removed: false },
    ]);
  });

  it('keeps its names', async () => {
    const attempt = database.reconcile([trigger({ name: 'theirs', table: 'orders', insert: {} })]);
    await expect(attempt).rejects.toThrow(InvalidTriggerError);
    await expect(attempt).rejects.toThrow(
      /"theirs": the application "billing" has a trigger of that name/,
    );
  });

  it('keeps its streams, whatever names ours had formerly', async () => {
    await database.reconcile([
      trigger({ name: 'ours', formerly: ['theirs'], table: 'orders', insert: {} }),
    ]);
    expect((await rows()).map(({ name }) => name)).toEqual(['ours', 'theirs']);
  });

  it('gives a name away by removing it', async () => {
    await database.reconcile([], { application: 'billing' });
    await database.reconcile([trigger({ name: 'theirs', table: 'orders', insert: {} })]);
    expect(await rows()).toMatchObject([{ id: 1, application: 'shop', removed: false }]);
  });
});

describe('what was changed by hand is put in force again', () => {
  const wanted = [trigger({ table: 'orders', ...ALL_ROWS })];
  it.each([
    ['a dropped trigger', 'drop trigger "!event_triggers:watch:insert" on orders'],
    ['a disabled trigger', 'alter table orders disable trigger "!event_triggers:watch:insert"'],
    [
      'a changed condition',
      `create or replace trigger "!event_triggers:watch:insert" after insert on orders
         for each row when (false) execute function event_triggers.capture_1_insert()`,
    ],
    [
      'a changed function',
      `create or replace function event_triggers.capture_1_insert() returns trigger language plpgsql as 'begin return null; end'`,
    ],
    ['a dropped key', 'alter table orders drop column id cascade'],
    [
      'a table that was made anew',
      'drop table orders cascade; create table orders (id int primary key)',
    ],
    ['a detached table', `select event_triggers.detach('orders')`],
    [
      'a key that moved',
      'alter table orders drop constraint orders_pkey; alter table orders alter id drop not null, add primary key (total)',
    ],
  ])('%s', async (_, change) => {
    await database.reconcile(wanted);
    await database.query(change);
    expect(await database.reconcile(wanted)).toMatchObject({ attached: ['watch'] });
    await database
      .query('insert into orders (total) values (1)')
      .catch(() => database.query('insert into orders (id) values (1)'));
    expect(await database.captured()).toMatchObject([{ operation: 'INSERT' }]);
    expect(await database.reconcile(wanted)).toEqual(nothing);
  });
});

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
