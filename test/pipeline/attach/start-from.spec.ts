import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WantedTrigger } from '../../../lib/pipeline/attach/stored-trigger.js';
import {
  ALL_ROWS,
  createCapturedDatabase,
  someoneWaits,
  trigger,
  type CapturedDatabase,
} from '../support/captured-database.js';

const WRITERS = 4;
const WRITES = 150;
const AN_HOUR = { ago: 3_600_000 };

let database: CapturedDatabase;
beforeEach(async () => {
  database = await createCapturedDatabase();
  await database.query('create table orders (id integer primary key, total integer)');
});
afterEach(() => database.drop());

const source = trigger({ name: 'source', table: 'orders', ...ALL_ROWS });
const late = trigger({ ...forTest(source), name: 'late', startFrom: AN_HOUR });

/** Without what `trigger` fills in by itself. */
function forTest({ insert, update, delete: deletion }: WantedTrigger) {
  return { table: 'orders', insert: insert!, update: update!, delete: deletion! };
}

interface Event {
  trigger: string;
  operation: string;
  key: string | null;
  new: string | null;
  createdAt: string;
}

async function eventsOf(name: string): Promise<Omit<Event, 'trigger'>[]> {
  return database.query<Omit<Event, 'trigger'> & Record<string, unknown>>(
    `select e.operation::text, e.key, e.old::text, e.new::text, e.session, e.trace, e.created_at::text as "createdAt"
       from event_triggers.event e
       join event_triggers.event_trigger t
         on t.id = e.trigger_id
      where t.name = $1
      order by e.id`,
    [name],
  );
}
const keysOf = async (name: string): Promise<(string | null)[]> =>
  (await eventsOf(name)).map(({ key }) => key);

describe('a new trigger that starts in the past', () => {
  it('gets what another trigger of the table has captured, as events of its own', async () => {
    await database.reconcile([source]);
    await database.query('insert into orders values (1, 1), (2, 2)');
    await database.query('update orders set total = 3 where id = 1');
    await database.query('delete from orders where id = 2');

    const report = await database.reconcile([source, { ...late, insert: { payload: ['id'] } }]);
    expect(report.created).toEqual(['late']);
    expect(report.warnings).toEqual([
      expect.stringMatching(
        /^Event trigger "late": it starts with 4 events that "source" has captured since .*; what is older is not in the log, or was not captured without a gap$/,
      ),
    ]);
    expect(await eventsOf('late')).toEqual(await eventsOf('source'));

    await database.query('insert into orders values (4, 4)');
    expect(await keysOf('late'), 'goes on with what comes').toEqual(['1', '2', '1', '2', '4']);
    const numbers = await database.query('select from event_triggers.event group by id');
    expect(numbers, 'each event has a number of its own').toHaveLength(10);
  });

  it('gets what was captured from a time on', async () => {
    await database.reconcile([source]);
    await database.query('insert into orders values (1, 1)');
    const [row] = await database.query<{ at: string }>(
      `select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at`,
    );
    await database.query('insert into orders values (2, 2)');

    const { at } = row!;
    const report = await database.reconcile([source, { ...late, startFrom: { at } }]);
    expect(report.warnings).toEqual([
      expect.stringMatching(/starts with 1 events that "source" has captured since \S+Z$/),
    ]);
    expect(await keysOf('late')).toEqual(['2']);
  });

  it('says how far the log reaches back', async () => {
    await database.reconcile([source]);
    await database.query('insert into orders values (1, 1)');
    await database.query(
      `update event_triggers.event_trigger set captures_since = clock_timestamp() - interval '60 days'`,
    );
    const [log] = await database.query<{ begins: string }>(
      `select to_char(min(starts_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS".000Z"') as begins
         from event_triggers.partitions_v1() where log = 'event'`,
    );
    const startFrom = { ago: 30 * 24 * 3_600_000 };
    const { warnings } = await database.reconcile([source, { ...late, startFrom }]);
    expect(warnings).toEqual([
      `Event trigger "late": it starts with 1 events that "source" has captured since ${log?.begins}; what is older is not in the log, or was not captured without a gap`,
    ]);
  });

  it('gets of the operations those that it captures', async () => {
    await database.reconcile([source]);
    await database.query('insert into orders values (1, 1)');
    await database.query('delete from orders');
    await database.reconcile([
      source,
      trigger({ name: 'late', table: 'orders', delete: {}, startFrom: AN_HOUR }),
    ]);
    expect((await eventsOf('late')).map(({ operation }) => operation)).toEqual(['DELETE']);
  });

  it('gets nothing again at the next boot, or when it comes back', async () => {
    await database.reconcile([source]);
    await database.query('insert into orders values (1, 1)');
    await database.reconcile([source, late]);
    expect((await database.reconcile([source, late])).warnings).toEqual([]);
    await database.reconcile([source]);
    await database.reconcile([source, late]);
    expect(await keysOf('late')).toEqual(['1']);
  });

  it('gets what is as old as the last change of what the other one captures, and no more', async () => {
    await database.reconcile([{ ...source, update: { columns: ['total'] } }]);
    await database.query('insert into orders values (1, 1)');
    await database.reconcile([source]);
    await database.query('insert into orders values (2, 2)');
    await database.reconcile([{ ...source, webhook: 'http://elsewhere/' }, late]);
    expect(await keysOf('late')).toEqual(['2']);
  });

  it.each<[string, Partial<WantedTrigger>, Partial<WantedTrigger>]>([
    ['captures fewer operations', { insert: undefined }, {}],
    ['has a condition', { insert: { when: 'new.id > 0' } }, {}],
    ['has another condition', { insert: { when: 'true' } }, { insert: { when: 'new.id > 0' } }],
    ['listens to some columns', { update: { columns: ['total'] } }, {}],
    ['keeps no order', {}, { ordering: 'row' }],
    ['has other keys', { ordering: 'row', orderingKey: ['total'] }, { ordering: 'row' }],
    ['captures replication', { replication: true }, {}],
    ['is switched off', { enabled: false }, {}],
    ['watches another table', { table: { schema: 'public', name: 'invoices' } }, {}],
  ])('starts when it is attached where the other one %s, and says so', async (_, other, own) => {
    await database.query('create table invoices (id integer primary key, total integer)');
    const different = { ...source, ...other };
    await database.reconcile([different]);
    await database.query('insert into orders values (1, 1)');
    await database.query('insert into invoices values (1, 1)');
    const { warnings } = await database.reconcile([different, { ...late, ...own }]);
    expect(warnings).toEqual([
      expect.stringMatching(/^Event trigger "late": it starts with what is captured from here on/),
    ]);
    await database.query('insert into orders values (2, 2)');
    expect(await keysOf('late')).toEqual(['2']);
  });

  it.each([
    ['removed', [`update event_triggers.event_trigger set removed_at = clock_timestamp()`]],
    ['dropped from the table by hand', ['drop trigger "!event_triggers:source:delete" on orders']],
    ['paused', [`select event_triggers.switch_capture_v1(1, false, 'hand')`]],
    ['detached', [`select event_triggers.detach('orders')`]],
  ])('starts when it is attached where the other one is %s', async (_, statements) => {
    await database.reconcile([source]);
    await database.query('insert into orders values (1, 1)');
    for (const statement of statements) await database.query(statement);
    await database.reconcile([late], { removeMissing: false });
    expect(await keysOf('late')).toEqual([]);
  });

  it('gets what has been captured since the other one was resumed', async () => {
    await database.reconcile([source]);
    await database.query('insert into orders values (1, 1)');
    await database.query(`select event_triggers.switch_capture_v1(1, false, 'hand')`);
    await database.query('select event_triggers.switch_capture_v1(1, true, null)');
    await database.query('insert into orders values (2, 2)');
    await database.reconcile([source, late]);
    expect(await keysOf('late')).toEqual(['2']);
  });

  it('gets what an open transaction has captured while it was attached', async () => {
    await database.reconcile([source]);
    await database.query('insert into orders values (1, 1)');
    const writer = await database.client();
    await writer.query('begin');
    await writer.query('insert into orders values (2, 2)');
    await database.query('insert into orders values (3, 3)');

    const attaching = database.reconcile([source, late]);
    await someoneWaits(database);
    await writer.query('insert into orders values (4, 4)');
    await writer.query('commit');
    expect((await attaching).created).toEqual(['late']);
    const keys = (await keysOf('late')).map(Number);
    expect(
      keys.toSorted((one, other) => one - other),
      'each of them once',
    ).toEqual([1, 2, 3, 4]);
  });

  it('begins anew when what the other one captures is changed meanwhile', async () => {
    await database.reconcile([source]);
    await database.query('insert into orders values (1, 1)');
    const writer = await database.client();
    await writer.query('begin');
    await writer.query('insert into orders values (2, 2)');

    const attaching = database.reconcile([source, late]);
    await someoneWaits(database);
    // What a migration between detach and attach does to it.
    await writer.query(
      `update event_triggers.event_trigger set captures_since = clock_timestamp() where name = 'source'`,
    );
    await writer.query('insert into orders values (3, 3)');
    await writer.query('commit');
    await attaching;
    expect(await keysOf('late'), 'since the change').toEqual(['3']);
  });

  it('has each change once and those of a row in order while everybody writes', async () => {
    await database.reconcile([source]);
    let hasEnded = false;
    const write = async (row: number): Promise<void> => {
      const client = await database.client();
      await client.query('insert into orders values ($1, 0)', [row]);
      for (let n = 1; n <= WRITES || !hasEnded; n += 1) {
        await client.query('begin');
        await client.query('update orders set total = $2 where id = $1', [row, n]);
        await client.query('update orders set total = $2 where id = $1', [row, -n]);
        await client.query('commit');
      }
    };
    const writing = Promise.all(Array.from({ length: WRITERS }, (_, row) => write(row)));
    while ((await eventsOf('source')).length < WRITERS * 20);
    await database.reconcile([source, late]);
    hasEnded = true;
    await writing;

    const byRow = async (name: string): Promise<Map<string | null, Omit<Event, 'trigger'>[]>> => {
      const rows = new Map<string | null, Omit<Event, 'trigger'>[]>();
      for (const event of await eventsOf(name))
        rows.set(event.key, [...(rows.get(event.key) ?? []), { ...event, createdAt: '' }]);
      return new Map([...rows].toSorted(([one], [other]) => Number(one) - Number(other)));
    };
    expect(await byRow('late'), 'as the other one has them').toEqual(await byRow('source'));
  });
});
