import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TriggerId } from '../../../lib/pipeline/event.js';
import { Holdings } from '../../../lib/pipeline/holdings.js';
import { eventually } from '../../support/wait-until.js';
import { overConnection } from '../support/connections.js';
import { createEngine, type Engine } from '../support/engine.js';
import { expireLease, isRegistered } from '../support/leases.js';
import {
  attemptsAt,
  attemptsAtEvents,
  numbersOf,
  openBatch,
  TestDispatcher,
} from '../support/test-dispatcher.js';

const delivered = { kind: 'delivered' } as const;
const retryNow = { kind: 'retry', delay: 0 } as const;
const retryLater = { kind: 'retry', delay: 3_600_000 } as const;
const dead = { kind: 'dead', reason: 'rejected' } as const;

describe('the lease of a dispatcher', () => {
  let engine: Engine;
  let stream: TriggerId;
  let dispatcher: TestDispatcher;
  let heir: TestDispatcher;
  beforeAll(async () => {
    engine = await createEngine();
  });
  beforeEach(async () => {
    await engine.database.query(`delete from ${engine.schema}.dispatcher`);
    stream = await engine.addStream();
    dispatcher = await TestDispatcher.start(engine);
    heir = await TestDispatcher.start(engine);
  });
  afterAll(() => engine.drop());

  const inherited = async (): Promise<number[][]> =>
    (await heir.recover([stream])).map(({ events }) => numbersOf(events));

  it('is extended by a heartbeat', async () => {
    const [before] = await leaseEnds();
    expect(await dispatcher.lease.renew('0')).toBe(true);
    const [after] = await leaseEnds();
    expect(after).toBeGreaterThan(before!);
  });

  it('is not extended once it has run out', async () => {
    await expireLease(engine, dispatcher);
    expect(await dispatcher.lease.renew('0')).toBe(false);
  });

  it('keeps its batches from everybody else as long as it lasts', async () => {
    await engine.emit(stream, 3);
    await dispatcher.claim(stream);
    expect(await inherited()).toEqual([]);
    expect((await heir.claim(stream)).dead).toBe(0);
  });

  it('leaves its batches to another dispatcher when it runs out', async () => {
    await engine.emit(stream, 3);
    const { batches } = await dispatcher.claim(stream);
    await expireLease(engine, dispatcher);
    expect((await heir.claim(stream)).dead, 'dispatchers that are to be inherited from').toBe(1);
    expect(await heir.recover([stream])).toEqual(batches);
    expect(await isRegistered(engine, dispatcher), 'the dead one is registered').toBe(false);
    expect((await heir.claim(stream)).dead).toBe(0);
  });

  it('leaves less what was delivered, waits for a retry or is a dead letter', async () => {
    await engine.emit(stream, 6);
    const [batch] = (await dispatcher.claim(stream)).batches;
    const open = openBatch(batch!);
    const [first, , third, fourth] = batch!.events;
    await dispatcher.record([
      ...attemptsAtEvents([first!], delivered, open),
      ...attemptsAtEvents([third!], retryLater, open),
      ...attemptsAtEvents([fourth!], dead, open),
    ]);
    await expireLease(engine, dispatcher);
    expect(await inherited()).toEqual([[2, 5, 6]]);
  });

  it('leaves nothing of a batch in which all was recorded', async () => {
    await engine.emit(stream, 2);
    const [batch] = (await dispatcher.claim(stream)).batches;
    await dispatcher.deliver(batch!);
    await expireLease(engine, dispatcher);
    expect(await inherited()).toEqual([]);
  });

  it('leaves no event whose retry has got through in the meantime', async () => {
    await engine.emit(stream, 2);
    const [batch] = (await dispatcher.claim(stream)).batches;
    const [first] = batch!.events;
    await dispatcher.record(attemptsAtEvents([first!], retryNow, openBatch(batch!)));
    const retries = await heir.claimRetries(10, stream);
    await heir.record(attemptsAtEvents(retries, delivered));
    await expireLease(engine, dispatcher);
    expect(await inherited(), 'only the event without an attempt').toEqual([[2]]);
  });

  it('leaves batches in portions', async () => {
    const small = await TestDispatcher.start(engine, { events: 1 });
    await engine.emit(stream, 3);
    for (let page = 0; page < 3; page++) await small.claim(stream);
    await expireLease(engine, small);
    const portions = [
      await heir.recover([stream], 2),
      await heir.recover([stream], 2),
      await heir.recover([stream], 2),
    ];
    expect(portions.map((batches) => batches.map(({ events }) => numbersOf(events)))).toEqual([
      [[1], [2]],
      [[3]],
      [],
    ]);
  });

  it('leaves the retries in hand as well', async () => {
    await engine.emit(stream, 1);
    const [batch] = (await dispatcher.claim(stream)).batches;
    await dispatcher.record(attemptsAt(batch!, retryNow));
    expect(numbersOf(await dispatcher.claimRetries(10, stream))).toEqual([1]);
    await expireLease(engine, dispatcher);
    await inherited();
    expect(numbersOf(await heir.claimRetries(10, stream))).toEqual([1]);
  });

  it('is needed to claim a page', async () => {
    await engine.emit(stream);
    await expireLease(engine, dispatcher);
    await expect(dispatcher.claim(stream)).rejects.toMatchObject({ code: 'ET005' });
    expect(await heir.drain(stream)).toEqual([1]);
  });

  it('is needed to claim a retry', async () => {
    await engine.emit(stream, 1);
    const [batch] = (await heir.claim(stream)).batches;
    await heir.record(attemptsAt(batch!, retryNow));
    await dispatcher.claim(stream);
    await expireLease(engine, dispatcher);
    await heir.recover([stream]);
    await expect(dispatcher.claimRetries(10, stream)).rejects.toMatchObject({ code: 'ET005' });
    // Postgres tells of an error before it lets go of the locks.
    const retries = await eventually(async () => {
      const claimed = await heir.claimRetries(10, stream);
      return claimed.length > 0 && claimed;
    });
    expect(numbersOf(retries)).toEqual([1]);
  });

  it('is needed to take over what others left', async () => {
    const third = await TestDispatcher.start(engine);
    await engine.emit(stream, 1);
    await third.claim(stream);
    await expireLease(engine, third);
    await expireLease(engine, dispatcher);
    await expect(dispatcher.recover([stream])).rejects.toMatchObject({ code: 'ET005' });
    expect(await inherited()).toEqual([[1]]);
  });

  it('may run out during a claim, which fails or is inherited but is never forgotten', async () => {
    const { slow, commit } = await startInTransaction();
    await engine.emit(stream, 2);
    await slow.claim(stream);
    await expireLease(engine, slow);
    // The heir knows another stream only, so the lock of this one does not make it wait.
    await heir.recover([await engine.addStream()]);
    await commit();
    expect(await inherited(), 'what the late claim took').toEqual([[1, 2]]);
  });

  it('may run out during a claim of retries, which are never forgotten either', async () => {
    const { slow, commit } = await startInTransaction();
    await engine.emit(stream, 1);
    const [batch] = (await heir.claim(stream)).batches;
    await heir.record(attemptsAt(batch!, retryNow));
    expect(await slow.claimRetries(10, stream), 'retries of the late claim').toHaveLength(1);
    await expireLease(engine, slow);
    await heir.recover([stream]);
    await commit();
    await heir.recover([stream]);
    expect(numbersOf(await heir.claimRetries(10, stream))).toEqual([1]);
  });

  it('of another application is none of our business', async () => {
    const stranger = await TestDispatcher.start(engine, { application: 'warehouse' });
    const theirs = await engine.addStream({ application: 'warehouse' });
    await engine.emit(theirs, 2);
    await stranger.claim(theirs);
    await expireLease(engine, stranger);
    expect(await heir.recover([stream])).toEqual([]);
    expect((await heir.claim(stream)).dead, 'dead ones that concern it').toBe(0);
    expect(await isRegistered(engine, stranger), 'the stranger is registered').toBe(true);
    const compatriot = await TestDispatcher.start(engine, { application: 'warehouse' });
    const [left] = await compatriot.recover([theirs]);
    expect(numbersOf(left!.events)).toEqual([1, 2]);
  });

  it('leaves what it held of a trigger to the application that the trigger moved to', async () => {
    await engine.emit(stream, 2);
    await dispatcher.claim(stream);
    await engine.database.query(
      `update ${engine.schema}.event_trigger set application = 'warehouse' where id = $1`,
      [stream],
    );
    await expireLease(engine, dispatcher);
    const warehouse = await TestDispatcher.start(engine, { application: 'warehouse' });
    const [left] = await warehouse.recover([stream]);
    expect(numbersOf(left!.events)).toEqual([1, 2]);
  });

  it('is extended while it is not known under which name it goes on', async () => {
    const { lease } = dispatcher;
    const former = lease.id;
    const run = dispatcher.connections.run.bind(dispatcher.connections);
    dispatcher.connections.run = async (name, ...call) => {
      if (name === 'event-triggers:rename') throw new Error('Connection terminated unexpectedly');
      return await run(name, ...call);
    };
    await expect(lease.rename({ batches: [], retries: [] })).rejects.toThrow(/terminated/);
    expect(lease.id, 'the name to go on with').not.toBe(former);
    expect(await lease.renew('0')).toBe(true);
  });

  it('never hides a batch whose number a failover issued again', async () => {
    const holdings = new Holdings();
    const number = async (value: number) =>
      await engine.database.query(`select setval('${engine.schema}.batch_id', $1)`, [value]);
    const [{ before } = { before: 0 }] = await engine.database.query<{ before: number }>(
      `select last_value::int as before from ${engine.schema}.batch_id`,
    );
    await number(before + 100);
    await engine.emit(stream);
    const [batch] = (await dispatcher.claim(stream)).batches;
    const open = holdings.batches.open(batch!);
    await dispatcher.deliver(batch!);
    open.open = 0;
    // What the failover forgot, and what the dispatcher then finds.
    await engine.database.query(
      `update ${engine.schema}.batch set id = $1 where trigger_id = $2 and size > 0`,
      [before + 1, stream],
    );
    await number(before + 1);
    holdings.doubt('answer-lost');
    expect(await holdings.regain(dispatcher.lease)).toBe(true);
    await dispatcher.lease.renew(holdings.floor());
    await engine.emit(stream, 1, 2);
    holdings.batches.open((await dispatcher.claim(stream)).batches[0]!);
    await dispatcher.lease.renew(holdings.floor());

    await expireLease(engine, dispatcher);

    expect(await inherited()).toEqual([[2]]);
  });

  it('hides nothing while it is in doubt what is held', async () => {
    await engine.emit(stream);
    const holdings = new Holdings();
    holdings.batches.open({ ...(await dispatcher.claim(stream)).batches[0]!, events: [] });
    holdings.doubt('answer-lost');
    await dispatcher.lease.renew(holdings.floor());

    await expireLease(engine, dispatcher);

    expect(await inherited()).toEqual([[1]]);
  });

  it('stays on record while it left batches of streams that the heir does not know', async () => {
    const other = await engine.addStream();
    await engine.emit(stream, 1);
    await engine.emit(other, 1, 2);
    await dispatcher.claim(stream, other);
    await expireLease(engine, dispatcher);
    expect(await inherited()).toEqual([[1]]);
    const second = await TestDispatcher.start(engine);
    const [left] = await second.recover([other]);
    expect(numbersOf(left!.events)).toEqual([2]);
  });

  it('that runs out again after a takeover leaves the same once more', async () => {
    await engine.emit(stream, 2);
    const { batches } = await dispatcher.claim(stream);
    await expireLease(engine, dispatcher);
    await heir.recover([stream]);
    await heir.lease.renew(batches[0]!.id);
    const open = openBatch(batches[0]!);
    await heir.record(attemptsAtEvents(batches[0]!.events.slice(0, 1), delivered, open));
    await heir.lease.release(batches[0]!.id);
    const third = await TestDispatcher.start(engine);
    const [left] = await third.recover([stream]);
    expect(numbersOf(left!.events)).toEqual([2]);
  });

  async function leaseEnds(): Promise<number[]> {
    const rows = await engine.database.query<{ until: number }>(
      `select extract(epoch from lease_until)::float8 as until from ${engine.schema}.dispatcher where id = $1`,
      [dispatcher.id],
    );
    return rows.map(({ until }) => until);
  }

  /** A dispatcher whose next calls have done their work but are not committed yet. */
  async function startInTransaction(): Promise<{
    slow: TestDispatcher;
    commit: () => Promise<unknown>;
  }> {
    const client = await engine.database.client();
    const slow = await TestDispatcher.start(engine, { connections: overConnection(client) });
    await slow.claim(stream);
    await client.query('begin');
    return { slow, commit: () => client.query('commit') };
  }
});
