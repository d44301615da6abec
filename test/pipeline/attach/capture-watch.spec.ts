import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Database } from '../../../lib/database.js';
import { CaptureWatch, type Drift } from '../../../lib/pipeline/attach/capture-watch.js';
import { DispatcherLease } from '../../../lib/pipeline/claim/dispatcher-lease.js';
import { quoteIdentifier } from '../../../lib/schema/identifier.js';
import {
  createCapturedDatabase,
  SCHEMA,
  trigger,
  type CapturedDatabase,
} from '../support/captured-database.js';

const NOTHING: Drift = { drifted: [], orphaned: [] };
const LEASE_SECONDS = 60;

describe('what was attached', () => {
  let database: CapturedDatabase;
  let connections: Database;
  const orders = trigger({ name: 'order_changed', table: 'orders', insert: {}, update: {} });

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

  const look = (...declares: string[]): Promise<Drift> =>
    new CaptureWatch(connections, quoteIdentifier(SCHEMA), 'shop', declares).look();
  const replica = (...declares: string[]): DispatcherLease =>
    new DispatcherLease(connections, quoteIdentifier(SCHEMA), 'shop', LEASE_SECONDS, declares);

  it('is in force', async () => {
    expect(await look('order_changed')).toEqual(NOTHING);
  });

  it.each([
    [
      'a tool copied the table and gave the copy its name',
      `create table copy (like orders including all);
       alter table orders rename to orders_old;
       alter table copy rename to orders`,
    ],
    ['somebody switched its triggers off', 'alter table orders disable trigger user'],
    [
      'somebody dropped one of its triggers',
      `do $$ begin execute (
         select format('drop trigger %I on orders', tgname) from pg_trigger where tgrelid = 'orders'::regclass limit 1);
       end $$`,
    ],
    [
      'the table was dropped and made anew',
      'drop table orders cascade; create table orders (id integer primary key, total integer)',
    ],
  ])('is found when %s, and put in force again', async (_, statements) => {
    for (const statement of statements.includes('$$') ? [statements] : statements.split(';'))
      await database.query(statement);

    expect((await look('order_changed')).drifted).toEqual(['order_changed']);

    await database.reconcile([orders]);
    expect(await look('order_changed')).toEqual(NOTHING);
    await database.captured();
    await database.query('insert into orders values (1, 2)');
    expect(await database.captured(), 'what is written from here on').toHaveLength(1);
  });

  it('stays as long as a release that is running defines it, and goes with the last one', async () => {
    const old = replica('order_changed');
    await old.register();

    const report = await database.reconcile([]);
    expect(report.removed, 'by a newer release that knows nothing of it').toEqual([]);
    expect(await look()).toEqual(NOTHING);
    expect(await database.triggersOn('orders')).toHaveLength(2);

    await old.release(null);
    expect(await look()).toEqual({ drifted: [], orphaned: ['order_changed'] });
    expect((await database.reconcile([])).removed).toEqual(['order_changed']);
    expect(await database.triggersOn('orders')).toEqual([]);
  });

  it('is declared on under another name of the replica', async () => {
    const old = replica('order_changed');
    await old.register();
    await old.rename({ batches: [], retries: [] });

    expect((await database.reconcile([])).removed).toEqual([]);
  });
});
