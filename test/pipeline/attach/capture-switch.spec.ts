import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Database } from '../../../lib/database.js';
import { InvalidTriggerError, TableLockedError } from '../../../lib/event-triggers.errors.js';
import { CaptureSwitch, type CaptureGap } from '../../../lib/pipeline/attach/capture-switch.js';
import { CaptureWatch } from '../../../lib/pipeline/attach/capture-watch.js';
import type { WantedTrigger } from '../../../lib/pipeline/attach/stored-trigger.js';
import { quoteIdentifier } from '../../../lib/schema/identifier.js';
import {
  ALL_ROWS,
  createCapturedDatabase,
  SCHEMA,
  someoneWaits,
  trigger,
  type CapturedDatabase,
} from '../support/captured-database.js';

/** Longer than one try for a lock. */
const PATIENCE_MS = 10_000;

let database: CapturedDatabase;
let connections: Database;
const orders = trigger({ name: 'order_changed', table: 'orders', ...ALL_ROWS, truncate: true });

beforeEach(async () => {
  database = await createCapturedDatabase();
  connections = new Database({ connectionString: database.url });
  await database.query('create table orders (id integer primary key, total integer)');
  await database.reconcile([orders]);
});
afterEach(async () => {
  await connections.close();
  await database.drop();
});

const switching = <Answer>(
  work: (capture: CaptureSwitch) => Promise<Answer>,
  attachTimeout = PATIENCE_MS,
): Promise<Answer> =>
  connections.use((connection) =>
    work(new CaptureSwitch(connection, SCHEMA, { application: 'shop', attachTimeout })),
  );
const pause = async (name = 'order_changed'): Promise<Date> => {
  const paused = await switching((capture) => capture.pause(name, 'hand'));
  return paused?.since as Date;
};
const resume = async (name = 'order_changed'): Promise<CaptureGap> =>
  (await switching((capture) => capture.resume(name))) as CaptureGap;
const serverTime = async (): Promise<number> => {
  const [row] = await database.query<{ now: number }>(
    'select (extract(epoch from clock_timestamp()) * 1000)::float8 as now',
  );
  return row!.now;
};
const modes = async (): Promise<string> => {
  const rows = await database.query<{ mode: string }>(
    `select distinct tgenabled::text as mode from pg_trigger where tgname like '!%' order by 1`,
  );
  return rows.map(({ mode }) => mode).join('');
};
const drifted = async (): Promise<readonly string[]> =>
  (
    await new CaptureWatch(connections, quoteIdentifier(SCHEMA), 'shop', [
      'order_changed',
      'order_moved',
    ]).look()
  ).drifted;

describe('a trigger whose capture is paused', () => {
  it('writes no event until it is resumed, and what was captured stays', async () => {
    await database.query('insert into orders values (1, 1)');
    await pause();
    await database.query('insert into orders values (2, 2)');
    await database.query('update orders set total = 3');
    await database.query('delete from orders where id = 1');
    await database.query('truncate orders');
    expect(await database.captured(), 'before the pause').toMatchObject([{ key: '1' }]);

    await resume();
    expect(await modes(), 'all of them fire').toBe('O');
    await database.query('insert into orders values (4, 4)');
    expect(await database.captured(), 'after the pause').toMatchObject([{ key: '4' }]);
  });

  it('says which time was not captured', async () => {
    const before = await serverTime();
    const since = await pause();
    const during = await serverTime();
    const { from, to } = await resume();
    const after = await serverTime();

    expect(from).toEqual(since);
    expect(since.getTime()).toBeGreaterThanOrEqual(Math.floor(before));
    expect(since.getTime()).toBeLessThanOrEqual(during);
    expect(to.getTime()).toBeGreaterThanOrEqual(during);
    expect(to.getTime()).toBeLessThanOrEqual(Math.ceil(after));
  });

  it('is the same when it is paused or resumed again', async () => {
    const since = await pause();
    expect(await pause(), 'since the first time').toEqual(since);
    await resume();
    expect(await resume(), 'it was not paused').toBe('captures');
  });

  it('is one that the application has', async () => {
    await database.reconcile([trigger({ name: 'other', application: 'blog', table: 'orders' })], {
      application: 'blog',
    });
    expect(await pause('nothing')).toBeUndefined();
    expect(await resume('nothing')).toBeNull();
    expect(await pause('other'), 'of another application').toBeUndefined();
  });

  it('stays paused when a replica boots, which tells it', async () => {
    const since = await pause();
    const report = await database.reconcile([orders]);
    expect(report.attached, 'nothing is put in force').toEqual([]);
    expect(report.warnings).toEqual([
      `Event trigger "order_changed": changes are not captured since ${since.toISOString()}, until resumeCapture('order_changed')`,
    ]);
    await database.reconcile([orders], { install: 'verify' });
    expect(await modes()).toBe('D');
  });

  it.each<[string, (WantedTrigger | null)[]]>([
    ['captures other operations', [{ ...orders, insert: { when: 'new.id > 0' } }]],
    ['has another name', [{ ...orders, name: 'order_moved', formerly: ['order_changed'] }]],
    ['watches another table', [{ ...orders, table: { schema: 'public', name: 'invoices' } }]],
    ['was not enabled meanwhile', [{ ...orders, enabled: false }, orders]],
    ['was removed meanwhile', [null, orders]],
  ])('stays paused when a release is deployed where it %s', async (_, releases) => {
    await database.query('create table invoices (id integer primary key, total integer)');
    await pause();
    for (const release of releases) await database.reconcile(release === null ? [] : [release]);

    expect(await modes()).toBe('D');
    expect(await drifted()).toEqual([]);
    await database.query('insert into orders values (1, 1)');
    await database.query('insert into invoices values (1, 1)');
    expect(await database.captured()).toEqual([]);
    const { name } = releases.at(-1) ?? orders;
    await resume(name);
    await database.query('insert into orders values (2, 2)');
    await database.query('insert into invoices values (2, 2)');
    expect(await database.captured(), 'once it is resumed').toMatchObject([
      { trigger: name, key: '2' },
    ]);
    expect(await drifted()).toEqual([]);
  });

  it('stays paused over a migration that detaches and attaches', async () => {
    await pause();
    await database.query(`select event_triggers.detach('orders')`);
    await database.query('alter table orders alter total type bigint');
    await database.query(`select event_triggers.attach('orders')`);
    expect(await modes()).toBe('D');
    expect(await drifted()).toEqual([]);
  });

  it('has not drifted, unless somebody switches it on by hand', async () => {
    await pause();
    expect(await drifted()).toEqual([]);
    await database.query('alter table orders enable trigger user');
    expect(await drifted()).toEqual(['order_changed']);
    await database.reconcile([orders]);
    expect(await modes(), 'as it was paused').toBe('D');
  });

  it('does not hide what was changed by hand before', async () => {
    await database.query('drop trigger "!event_triggers:order_changed:insert" on orders');
    await pause();
    expect(await drifted()).toEqual(['order_changed']);
    await resume();
    expect(await drifted()).toEqual(['order_changed']);
  });

  it('is paused on every partition, those that come later included', async () => {
    await database.query('create table visits (id integer primary key) partition by range (id)');
    await database.query('create table visits_1 partition of visits for values from (0) to (10)');
    const visits = trigger({ name: 'visited', table: 'visits', insert: {} });
    await database.reconcile([orders, visits]);

    await pause('visited');
    await database.query('create table visits_2 partition of visits for values from (10) to (20)');
    await database.query('insert into visits values (1), (11)');
    await database.query('insert into visits_2 values (12)');
    expect(await database.captured()).toEqual([]);
    expect(await drifted()).toEqual([]);

    await resume('visited');
    await database.query('insert into visits values (2), (13)');
    await database.query('insert into visits_2 values (14)');
    const keys = (await database.captured()).map(({ key }) => key);
    expect(keys).toEqual(['2', '13', '14']);
    expect(await drifted()).toEqual([]);
  });

  it('captures what replication writes again where it did before', async () => {
    await database.reconcile([{ ...orders, replication: true }]);
    await pause();
    expect(await modes()).toBe('D');
    await resume();
    expect(await modes(), 'always').toBe('A');
  });
});

describe('pausing', () => {
  it('waits for a writer, whose transaction is captured as a whole, and for no reader', async () => {
    const writer = await database.client();
    const reader = await database.client();
    await reader.query('begin');
    await reader.query('select * from orders');
    await writer.query('begin');
    await writer.query('insert into orders values (1, 1)');

    const pausing = pause();
    await someoneWaits(database);
    await reader.query('select * from orders');
    await writer.query('insert into orders values (2, 2)');
    const last = await serverTime();
    await writer.query('commit');

    expect((await pausing).getTime(), 'not before its last write').toBeGreaterThanOrEqual(
      Math.floor(last),
    );
    await database.query('insert into orders values (3, 3)');
    const keys = (await database.captured()).map(({ key }) => key);
    expect(keys).toEqual(['1', '2']);
  });

  it('gives up with who is in the way, and has changed nothing', async () => {
    const writer = await database.client();
    await writer.query('begin');
    await writer.query('insert into orders values (1, 1)');

    const pausing = switching((capture) => capture.pause('order_changed', 'hand'), 100);
    await expect(pausing).rejects.toThrow(TableLockedError);
    await expect(pausing).rejects.toThrow(
      /^The capture of the event trigger "order_changed" could not be switched within 100 ms, because orders is locked by\n {2}- pid \d+, .*insert into orders/s,
    );
    await writer.query('commit');
    expect(await modes()).toBe('O');
  });

  it('says who may do it where the role does not own the table', async () => {
    const role = `clerk_${process.pid}`;
    await database.query(`create role ${role}`);
    try {
      await database.query(`grant all on schema event_triggers, public to ${role}`);
      await database.query(`grant all on all tables in schema event_triggers, public to ${role}`);
      await database.query(`grant all on all sequences in schema event_triggers to ${role}`);
      const pausing = connections.use(async (connection) => {
        await connection.query(`set role ${role}`);
        try {
          const settings = { application: 'shop', attachTimeout: PATIENCE_MS };
          return await new CaptureSwitch(connection, SCHEMA, settings).pause(
            'order_changed',
            'hand',
          );
        } finally {
          await connection.query('reset role');
        }
      });
      await expect(pausing).rejects.toThrow(InvalidTriggerError);
      await expect(pausing).rejects.toThrow(
        /may not be switched.*Let the owner of public\.orders/s,
      );
    } finally {
      await database.query(`drop owned by ${role}`);
      await database.query(`drop role ${role}`);
    }
  });
});
