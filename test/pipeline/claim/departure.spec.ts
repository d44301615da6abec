import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TriggerId } from '../../../lib/pipeline/event.js';
import { createEngine, type Engine } from '../support/engine.js';
import { isRegistered } from '../support/leases.js';
import { attemptsAt, numbersOf, TestDispatcher } from '../support/test-dispatcher.js';

const retryNow = { kind: 'retry', delay: 0 } as const;

describe('a dispatcher that leaves in good order', () => {
  let engine: Engine;
  let stream: TriggerId;
  beforeAll(async () => {
    engine = await createEngine();
  });
  beforeEach(async () => {
    await engine.database.query(`delete from ${engine.schema}.dispatcher`);
    stream = await engine.addStream();
  });
  afterAll(() => engine.drop());

  it('is forgotten when nothing is open', async () => {
    const dispatcher = await TestDispatcher.start(engine);
    await engine.emit(stream, 2);
    await dispatcher.drain(stream);
    await dispatcher.lease.release(null);
    expect(await isRegistered(engine, dispatcher)).toBe(false);
  });

  it('hands back what is open at once, however often', async () => {
    await engine.emit(stream, 2);
    let leaving = await TestDispatcher.start(engine);
    const [batch] = (await leaving.claim(stream)).batches;
    for (let shutdown = 0; shutdown < 5; shutdown++) {
      await leaving.lease.release(batch!.id);
      leaving = await TestDispatcher.start(engine);
      const [again] = await leaving.recover([stream]);
      expect(again?.events.length, `events after shutdown ${shutdown + 1}`).toBe(2);
    }
  });

  it('hands back the retries in hand', async () => {
    const leaving = await TestDispatcher.start(engine);
    await engine.emit(stream, 1);
    const [batch] = (await leaving.claim(stream)).batches;
    await leaving.record(attemptsAt(batch!, retryNow));
    await leaving.claimRetries(10, stream);
    await leaving.lease.release(null);
    const next = await TestDispatcher.start(engine);
    expect(numbersOf(await next.claimRetries(10, stream))).toEqual([1]);
    const [{ lost } = { lost: null }] = await engine.database.query<{ lost: number }>(
      `select lost from ${engine.schema}.retry where trigger_id = $1`,
      [stream],
    );
    expect(lost, 'leases lost with it').toBe(0);
  });

  it('claims nothing any more', async () => {
    const leaving = await TestDispatcher.start(engine);
    await engine.emit(stream, 1);
    const [batch] = (await leaving.claim(stream)).batches;
    await leaving.lease.release(batch!.id);
    await engine.emit(stream, 1, 2);
    await expect(leaving.claim(stream)).rejects.toMatchObject({ code: 'ET005' });
  });
});
