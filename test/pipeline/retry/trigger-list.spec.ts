import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listTriggers, type TriggerSummary } from '../../../lib/pipeline/retry/trigger-list.js';
import { APPLICATION, createEngine, emit, type Engine } from '../support/engine.js';
import { runOn } from '../support/run-on.js';
import { attemptsAtEvents, openBatch, TestDispatcher } from '../support/test-dispatcher.js';

const PAUSED_AT = '2026-11-28T10:00:00.123Z';

describe('the list of triggers', () => {
  let engine: Engine;

  beforeEach(async () => {
    engine = await createEngine();
  });
  afterEach(() => engine.drop());

  const list = (): Promise<TriggerSummary[]> =>
    listTriggers(runOn(engine), engine.schema, APPLICATION);
  const one = async (): Promise<TriggerSummary> => (await list())[0]!;

  it('has those of the application by name, as they are defined', async () => {
    await engine.addStream({
      name: 'orders',
      content: { insert: {}, update: { columns: ['total'] }, manual: true, webhook: '{{SHOP}}/x' },
    });
    await engine.addStream({ name: 'customers', content: { enabled: false } });
    await engine.addStream({ name: 'of-another', application: 'another' });

    const [customers, orders, ...others] = await list();
    expect(others).toEqual([]);
    expect(customers).toMatchObject({ name: 'customers', enabled: false });
    expect(orders).toMatchObject({
      name: 'orders',
      operations: ['INSERT', 'UPDATE', 'MANUAL'],
      webhook: '{{SHOP}}/x',
      enabled: true,
      deliveryPaused: null,
      capturePaused: null,
      failingSince: null,
      removedAt: null,
      oldestWaiting: null,
    });
  });

  it('tells what rests and what fails, since when, and why', async () => {
    await engine.addStream();
    await engine.database.query(
      `update ${engine.schema}.event_trigger
          set delivery_paused_at = $1, delivery_pause_reason = 'gone', capture_paused_at = $1, capture_pause_reason = 'full',
              failing_since = $1, removed_at = $1`,
      [PAUSED_AT],
    );
    const since = new Date(PAUSED_AT);
    expect(await one()).toMatchObject({
      deliveryPaused: { since, reason: 'gone' },
      capturePaused: { since, reason: 'full' },
      failingSince: since,
      removedAt: since,
    });
  });

  it('tells of the oldest event that nobody has claimed, between pages too', async () => {
    const stream = await engine.addStream();
    const dispatcher = await TestDispatcher.start(engine, { events: 2 });
    const createdAt = async (n: number): Promise<number> => {
      const [row] = await engine.database.query<{ ms: string }>(
        `select floor(extract(epoch from created_at) * 1000)::text as ms from ${engine.schema}.event where (new ->> 'n')::integer = $1`,
        [n],
      );
      return Number(row!.ms);
    };
    const oldest = async (): Promise<number | undefined> => (await one()).oldestWaiting?.getTime();

    await engine.emit(stream, 3);
    expect(await oldest(), 'nothing is claimed').toBe(await createdAt(1));
    await dispatcher.claim(stream);
    expect(await oldest(), 'a page of two is claimed').toBe(await createdAt(3));
    await engine.emit(stream, 1, 4);
    expect(await oldest(), 'and another event has come').toBe(await createdAt(3));
    await dispatcher.claim(stream);
    expect(await oldest(), 'the window is through').toBe(await createdAt(4));
    await dispatcher.claim(stream);
    expect(await oldest(), 'all is claimed').toBeUndefined();
  });

  it('tells of the oldest of several transactions that ended behind what is claimed', async () => {
    const stream = await engine.addStream();
    const dispatcher = await TestDispatcher.start(engine);
    const [first, second] = [await engine.database.client(), await engine.database.client()];
    await first.query('begin');
    await first.query('select pg_current_xact_id()');
    await second.query('begin');
    await emit(second, engine.schema, stream);
    await emit(first, engine.schema, stream);
    await engine.emit(stream);
    await dispatcher.claim(stream);
    for (const client of [first, second]) await client.query('commit');
    const [oldest] = await engine.database.query<{ ms: string }>(
      `select floor(extract(epoch from min(created_at)) * 1000)::text as ms from ${engine.schema}.event`,
    );
    expect((await one()).oldestWaiting?.getTime(), 'of the one that began later').toBe(
      Number(oldest!.ms),
    );
  });

  it('counts what waits for another attempt, for another event, and for a decision', async () => {
    const stream = await engine.addStream({ content: { ordering: 'row' } });
    const dispatcher = await TestDispatcher.start(engine);
    await engine.emit(stream, 4);
    await engine.database.query(`update ${engine.schema}.event set key = 'a'`);
    const { batches } = await dispatcher.claim(stream);
    const [dead, ...others] = batches[0]!.events;
    const batch = openBatch(batches[0]!);
    await dispatcher.record([
      ...attemptsAtEvents([dead!], { kind: 'dead', reason: 'exhausted' }, batch, true),
      ...attemptsAtEvents(others.slice(0, 1), { kind: 'retry', delay: 60_000 }, batch, true),
      ...attemptsAtEvents(others.slice(1), { kind: 'parked' }, batch, true),
    ]);
    expect(await one()).toMatchObject({ retrying: 1, parked: 2, dead: 1 });
    await engine.database.query(`update ${engine.schema}.retry set dispatcher = gen_random_uuid()`);
    expect(await one(), 'in the hands of whoever attempts the first').toMatchObject({
      retrying: 1,
      parked: 2,
    });
  });
});
