import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Database } from '../../lib/database.js';
import { CaptureGuard } from '../../lib/pipeline/capture-guard.js';
import { DispatcherLease } from '../../lib/pipeline/claim/dispatcher-lease.js';
import { quoteIdentifier } from '../../lib/schema/identifier.js';
import {
  ALL_ROWS,
  createCapturedDatabase,
  SCHEMA,
  trigger,
  type CapturedDatabase,
} from './support/captured-database.js';

/** So that the day that is today is over and older than the retention. */
const TODAY_IS_OLD = { events: -2 * 24 * 3_600_000 };
const SMALL = 1_000;
const LARGE = 10 ** 9;

let database: CapturedDatabase;
let connections: Database;

beforeEach(async () => {
  database = await createCapturedDatabase();
  connections = new Database({ connectionString: database.url });
  await database.query('create table orders (id serial primary key)');
  await database.reconcile([trigger({ name: 'order_changed', table: 'orders', ...ALL_ROWS })]);
  await order();
});
afterEach(async () => {
  await connections.close();
  await database.drop();
});

const order = () => database.query('insert into orders default values');
const set = (assignment: string) =>
  database.query(`update event_triggers.event_trigger set ${assignment}`);
const aDispatcherRuns = () =>
  new DispatcherLease(connections, quoteIdentifier(SCHEMA), 'shop', 60).register();
const look = (holdAtMost: number, retention = TODAY_IS_OLD) =>
  new CaptureGuard(connections, {
    schema: SCHEMA,
    retention,
    holdAtMost,
    attachTimeout: 5_000,
  }).look();
const capturedByAnother = async (): Promise<number> => {
  await database.captured();
  await order();
  return (await database.captured()).length;
};

describe('a trigger that keeps more of the log than it may', () => {
  it.each([
    ['is paused', 'paused', `delivery_paused_at = now(), delivery_pause_reason = 'hand'`, true],
    ['fails', 'failing', 'failing_since = now()', true],
    ['belongs to an application that does not run', 'abandoned', 'updated_at = now()', false],
  ])('is captured no more where it %s, and says why', async (_, stuck, state, runs) => {
    if (runs) await aDispatcherRuns();
    await set(state);

    const [stopped, ...others] = await look(SMALL);

    expect(others).toEqual([]);
    expect(stopped).toMatchObject({ trigger: 'order_changed', application: 'shop', stuck });
    expect(await capturedByAnother(), 'events of another change').toBe(0);
    const [row] = await database.query(
      'select capture_paused_at is not null as paused, capture_pause_reason as reason from event_triggers.event_trigger',
    );
    expect(row).toEqual({ paused: true, reason: 'full' });
    expect(await look(SMALL), 'stopped again').toEqual([]);
  });

  it('is captured on where it makes progress', async () => {
    await aDispatcherRuns();
    expect(await look(SMALL)).toEqual([]);
    expect(await capturedByAnother(), 'events of another change').toBe(1);
  });
});

it.each([
  ['keeps less than it may', LARGE, TODAY_IS_OLD],
  ['keeps nothing that is older than the retention', SMALL, { events: 24 * 3_600_000 }],
])('a trigger that %s is captured on', async (_, holdAtMost, retention) => {
  expect(await look(holdAtMost, retention)).toEqual([]);
  expect(await capturedByAnother(), 'events of another change').toBe(1);
});
