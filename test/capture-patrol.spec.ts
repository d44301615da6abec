import { afterEach, beforeEach, expect, it } from 'vitest';
import { CapturePatrol, type CaptureState } from '../lib/capture-patrol.js';
import { Database } from '../lib/database.js';
import { validateOptions } from '../lib/event-triggers.options.js';
import {
  createCapturedDatabase,
  trigger,
  type CapturedDatabase,
} from './pipeline/support/captured-database.js';

const orders = trigger({ name: 'order_changed', table: 'orders', insert: {} });
const LONG_AGO = new Date('2026-01-01T00:00:00Z');

let database: CapturedDatabase;
let connections: Database;
let state: CaptureState;
let told: string[];

beforeEach(async () => {
  database = await createCapturedDatabase();
  connections = new Database({ connectionString: database.url });
  state = { drifted: [], intactAt: LONG_AGO };
  told = [];
  await database.query('create table orders (id serial primary key)');
  await database.reconcile([orders]);
});
afterEach(async () => {
  await connections.close();
  await database.drop();
});

function patrol(options: Partial<ReturnType<typeof validateOptions>> = {}): CapturePatrol {
  return new CapturePatrol(
    connections,
    { ...validateOptions({ application: 'shop' }), ...options },
    ['order_changed'],
    state,
    async () => void (await database.reconcile([orders])),
    { log: () => 0, warn: () => 0, error: (line: string) => told.push(line) },
  );
}
const switchOff = () => database.query('alter table orders disable trigger user');

it('finds all in force', async () => {
  await patrol().look();
  expect(told).toEqual([]);
  expect(state.drifted).toEqual([]);
  expect(state.intactAt.getTime()).toBeGreaterThan(LONG_AGO.getTime());
});

it('tells what is not in force and since when that may be, and mends it', async () => {
  await switchOff();
  const guard = patrol();
  await guard.look();
  expect(told).toHaveLength(1);
  expect(told[0]).toContain('order_changed');
  expect(told[0]).toContain(LONG_AGO.toISOString());
  expect(state.drifted).toEqual(['order_changed']);

  await database.query('insert into orders default values');
  expect(await database.captured(), 'what was written after it').toHaveLength(1);
  await guard.look();
  expect(state.drifted, 'by the next look').toEqual([]);
});

it('tells it once where it may not mend it', async () => {
  await switchOff();
  const guard = patrol({ install: 'verify' });
  await guard.look();
  await guard.look();
  expect(told).toHaveLength(1);
  expect(state.drifted).toEqual(['order_changed']);
});

it('tells once that it cannot look, and again after it could', async () => {
  const guard = patrol();
  const shut = () => database.query('alter table event_triggers.event_trigger rename to away');
  const open = () => database.query('alter table event_triggers.away rename to event_trigger');
  await shut();
  await guard.look();
  await guard.look();
  expect(told).toEqual([expect.stringContaining('could not be looked after')]);
  await open();
  await guard.look();
  await shut();
  await guard.look();
  expect(told).toHaveLength(2);
});

it('tells whose capture it has stopped, and how to go on', async () => {
  await database.query('insert into orders default values');
  const { retention } = validateOptions({ application: 'shop' });
  const todayIsOld = { ...retention, events: -2 * 24 * 3_600_000, holdAtMost: 1 };
  await patrol({ retention: todayIsOld }).look();
  expect(told).toHaveLength(1);
  expect(told[0]).toContain(`resumeCapture('order_changed')`);
  expect(told[0]).toContain('no dispatcher of its application runs');
});
