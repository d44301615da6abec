import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Claims } from '../../../lib/pipeline/claim/claimed-rows.js';
import type { TriggerId } from '../../../lib/pipeline/event.js';
import { createEngine, type Engine } from '../support/engine.js';
import { numbersOf, TestDispatcher } from '../support/test-dispatcher.js';

const pagesOf = ({ batches }: Claims): number[][] => batches.map(({ events }) => numbersOf(events));

describe('a page', () => {
  let engine: Engine;
  let stream: TriggerId;
  beforeAll(async () => {
    engine = await createEngine();
  });
  beforeEach(async () => {
    stream = await engine.addStream();
  });
  afterAll(() => engine.drop());

  it('has at most as many events as asked for, and says that there is more', async () => {
    const dispatcher = await TestDispatcher.start(engine, { events: 2 });
    await engine.emit(stream, 5);
    const claims = [
      await dispatcher.claim(stream),
      await dispatcher.claim(stream),
      await dispatcher.claim(stream),
    ];
    expect(claims.map(pagesOf)).toEqual([[[1, 2]], [[3, 4]], [[5]]]);
    expect(claims.slice(0, 2).map(({ again }) => again)).toEqual([[stream], [stream]]);
    expect(await dispatcher.claim(stream)).toMatchObject({ batches: [], again: [] });
  });

  it('of exactly all events there are is followed by nothing', async () => {
    const dispatcher = await TestDispatcher.start(engine, { events: 3 });
    await engine.emit(stream, 3);
    expect(pagesOf(await dispatcher.claim(stream))).toEqual([[1, 2, 3]]);
    expect(await dispatcher.claim(stream)).toMatchObject({ batches: [], again: [] });
    await engine.emit(stream, 1, 4);
    expect(pagesOf(await dispatcher.claim(stream))).toEqual([[4]]);
  });

  it('of exactly all events of a window is followed by the next window in the same call', async () => {
    const dispatcher = await TestDispatcher.start(engine, { events: 3 });
    await engine.emit(stream, 3);
    await dispatcher.claim(stream);
    await engine.emit(stream, 3, 4);
    expect(pagesOf(await dispatcher.claim(stream))).toEqual([[4, 5, 6]]);
  });

  it('ends before it gets too large', async () => {
    const dispatcher = await TestDispatcher.start(engine, { bytes: 5_000 });
    await emitLarge(2_000, 5);
    const claims = [
      await dispatcher.claim(stream),
      await dispatcher.claim(stream),
      await dispatcher.claim(stream),
    ];
    expect(claims.map(pagesOf)).toEqual([[[1, 2]], [[3, 4]], [[5]]]);
    expect(claims[0]!.again).toEqual([stream]);
  });

  it('has one event at least, however large it is', async () => {
    const dispatcher = await TestDispatcher.start(engine, { bytes: 100 });
    await emitLarge(2_000, 2);
    expect(pagesOf(await dispatcher.claim(stream))).toEqual([[1]]);
    expect(pagesOf(await dispatcher.claim(stream))).toEqual([[2]]);
    expect(pagesOf(await dispatcher.claim(stream))).toEqual([]);
  });

  it('that ends an old window says that there are newer ones', async () => {
    const dispatcher = await TestDispatcher.start(engine, { events: 10 });
    await engine.emit(stream, 15);
    await dispatcher.claim(stream);
    // Three ticks, so that the newest event lies below what the last of them knows as old.
    await engine.emit(stream, 1, 16);
    for (let tick = 0; tick < 3; tick++) await dispatcher.claimNews();
    expect(await followUp(dispatcher)).toEqual([[11, 12, 13, 14, 15], [16]]);
  });

  it('is one of several in a call, and streams beyond that come in the next', async () => {
    const dispatcher = await TestDispatcher.start(engine, { batches: 2 });
    const streams = [stream, await engine.addStream(), await engine.addStream()];
    for (const each of streams) await engine.emit(each);
    const first = await dispatcher.claimNews(...streams);
    expect(first.batches.map(({ triggerId }) => triggerId)).toEqual(streams.slice(0, 2));
    expect(first.again).toEqual(streams.slice(2));
  });

  it('comes to whoever asks first, and nobody else', async () => {
    const first = await TestDispatcher.start(engine);
    const second = await TestDispatcher.start(engine);
    await engine.emit(stream, 3);
    expect(pagesOf(await first.claim(stream))).toEqual([[1, 2, 3]]);
    expect(pagesOf(await second.claim(stream))).toEqual([]);
  });

  /** What a loop goes on to claim: from streams that the last call named, else from those with news. */
  async function followUp(dispatcher: TestDispatcher): Promise<number[][]> {
    const pages: number[][] = [];
    let again: readonly TriggerId[] = [stream];
    for (let cycle = 0; cycle < 5; cycle++) {
      const claims = await dispatcher.cycle({ eligible: [stream], hot: again });
      pages.push(...pagesOf(claims));
      again = claims.again;
    }
    return pages;
  }

  async function emitLarge(bytes: number, count: number): Promise<void> {
    await engine.database.query(
      `insert into ${engine.schema}.event (trigger_id, operation, new)
       select $1, 'INSERT', json_build_object('n', n, 'large', (
              select string_agg(md5(n::text || part::text), '') from generate_series(1, $2::integer / 32) part))
         from generate_series(1, $3::integer) n`,
      [stream, bytes, count],
    );
  }
});
