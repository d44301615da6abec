import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TriggerId } from '../../../lib/pipeline/event.js';
import { Holdings } from '../../../lib/pipeline/holdings.js';
import { overConnection } from '../support/connections.js';
import { createEngine, type Engine } from '../support/engine.js';
import { expireLease, isRegistered } from '../support/leases.js';
import {
  attemptsAt,
  attemptsAtEvents,
  numbersOf,
  TestDispatcher,
} from '../support/test-dispatcher.js';

const retryNow = { kind: 'retry', delay: 0 } as const;
const nothing = { batches: [], retries: [] };

describe('a dispatcher to which an answer got lost takes another name and', () => {
  let engine: Engine;
  let stream: TriggerId;
  let dispatcher: TestDispatcher;
  beforeAll(async () => {
    engine = await createEngine();
  });
  beforeEach(async () => {
    await engine.database.query(`delete from ${engine.schema}.dispatcher`);
    stream = await engine.addStream();
    dispatcher = await TestDispatcher.start(engine, { events: 2 });
  });
  afterAll(() => engine.drop());

  it('gets at once what the lost answer had brought', async () => {
    await engine.emit(stream, 2);
    await dispatcher.claim(stream);
    expect(await dispatcher.lease.rename(nothing)).toBe(0);
    const inherited = await dispatcher.recover([stream]);
    expect(inherited.map(({ events }) => numbersOf(events))).toEqual([[1, 2]]);
  });

  it('keeps what it knows of', async () => {
    await engine.emit(stream, 4);
    const { batches } = await dispatcher.claim(stream);
    await dispatcher.claim(stream);
    expect(await dispatcher.lease.rename({ batches, retries: [] })).toBe(1);
    const inherited = await dispatcher.recover([stream]);
    expect(inherited.map(({ events }) => numbersOf(events))).toEqual([[3, 4]]);
    await dispatcher.deliver(batches[0]!);
    expect(await openBatches(), 'the inherited batch').toBe(1);
  });

  it('keeps the retries it knows of and hands back the others', async () => {
    await engine.emit(stream, 2);
    await dispatcher.record(attemptsAt((await dispatcher.claim(stream)).batches[0]!, retryNow));
    const known = await dispatcher.claimRetries(1, stream);
    const lost = await dispatcher.claimRetries(1, stream);
    await dispatcher.lease.rename({ batches: [], retries: known });
    expect(await dispatcher.claimRetries(10, stream)).toEqual(lost);
    await dispatcher.record(attemptsAtEvents(known, { kind: 'retry', delay: 3_600_000 }));
    expect(await attemptsOf(stream), 'attempts by event').toEqual([2, 1]);
  });

  it('does not hand out its former name’s events to others as long as it knows them', async () => {
    const other = await TestDispatcher.start(engine);
    await engine.emit(stream, 2);
    const { batches } = await dispatcher.claim(stream);
    const former = { id: dispatcher.id } as TestDispatcher;
    await dispatcher.lease.rename({ batches, retries: [] });
    expect(await other.recover([stream])).toEqual([]);
    expect(await isRegistered(engine, former), 'the former name is registered').toBe(false);
    await expireLease(engine, dispatcher);
    const inherited = await other.recover([stream]);
    expect(inherited.map(({ events }) => numbersOf(events))).toEqual([[1, 2]]);
  });

  it('makes a call fail that the database comes to only later', async () => {
    await engine.emit(stream, 2);
    await renameBehindTheBackOf(dispatcher);
    await expect(dispatcher.claim(stream)).rejects.toMatchObject({ code: 'ET005' });
    const other = await TestDispatcher.start(engine);
    expect(await other.drain(stream)).toEqual([1, 2]);
  });

  it('waits for a call that has done its work already, and hands that back', async () => {
    const client = await engine.database.client();
    const lost = await TestDispatcher.start(engine, { connections: overConnection(client) });
    await engine.emit(stream, 2);
    await client.query('begin');
    await lost.claim(stream);
    const renamed = renameBehindTheBackOf(lost);
    await client.query('commit');
    await renamed;
    const inherited = await dispatcher.recover([stream]);
    expect(inherited.map(({ events }) => numbersOf(events))).toEqual([[1, 2]]);
  });

  it('may lose that answer as well', async () => {
    await engine.emit(stream, 2);
    const { batches } = await dispatcher.claim(stream);
    await loseAnswer(() => dispatcher.lease.rename({ batches, retries: [] }));
    expect(await dispatcher.lease.rename({ batches, retries: [] })).toBe(1);
    expect(await dispatcher.recover([stream]), 'events that others may take').toEqual([]);
    expect((await dispatcher.claim(stream)).batches).toEqual([]);
  });

  it('leaves what the lost answer had taken over to others, though it renewed its lease meanwhile', async () => {
    const dead = await TestDispatcher.start(engine, { events: 2 });
    await engine.emit(stream, 4);
    await dead.claim(stream);
    const holdings = new Holdings();
    for (const batch of (await dispatcher.claim(stream)).batches) holdings.batches.open(batch);
    await expireLease(engine, dead);

    await loseAnswer(() => dispatcher.recover([stream]));
    holdings.doubt('answer-lost');
    await dispatcher.lease.renew(holdings.floor());
    expect(await holdings.regain(dispatcher.lease), 'what it knows of still stands').toBe(true);

    const heir = await TestDispatcher.start(engine);
    const inherited = await heir.recover([stream]);
    expect(inherited.map(({ events }) => numbersOf(events))).toEqual([[1, 2]]);
  });

  it('learns that a crash of Postgres has forgotten a claim', async () => {
    await engine.emit(stream, 2);
    const { batches } = await dispatcher.claim(stream);
    await engine.database.query(`delete from ${engine.schema}.batch where claim = $1`, [
      batches[0]!.claim,
    ]);
    expect(await dispatcher.lease.rename({ batches, retries: [] })).toBe(0);
  });

  it('learns that its lease had run out', async () => {
    await expireLease(engine, dispatcher);
    expect(await dispatcher.lease.rename(nothing)).toBe(null);
  });

  async function renameBehindTheBackOf({ id }: TestDispatcher): Promise<void> {
    await engine.database.query(
      `select ${engine.schema}.rename_v1(array[$1::uuid], gen_random_uuid(), interval '1 minute',
         '{}', '{}', '{}', '{}', '{}', '{}')`,
      [id],
    );
  }

  /** The call does its work, and the caller never hears of it. */
  async function loseAnswer(call: () => Promise<unknown>): Promise<void> {
    const { connections } = dispatcher;
    const run = connections.run.bind(connections);
    connections.run = async (...statement) => {
      await run(...statement);
      throw new Error('Connection terminated unexpectedly');
    };
    await expect(call()).rejects.toThrow('Connection terminated unexpectedly');
    connections.run = run;
  }

  async function openBatches(): Promise<number> {
    const rows = await engine.database.query(
      `select from ${engine.schema}.batch b
        where b.trigger_id = $1
          and b.size > 0
          and not exists (select from ${engine.schema}.batch_done o where o.claim = b.claim)`,
      [stream],
    );
    return rows.length;
  }

  async function attemptsOf(trigger: TriggerId): Promise<number[]> {
    const rows = await engine.database.query<{ attempts: number }>(
      `select attempts from ${engine.schema}.retry where trigger_id = $1 order by event_id`,
      [trigger],
    );
    return rows.map(({ attempts }) => attempts);
  }
});
