import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InvalidTriggerError } from '../../../lib/event-triggers.errors.js';
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
