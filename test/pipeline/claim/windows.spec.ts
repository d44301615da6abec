import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TriggerId } from '../../../lib/pipeline/event.js';
import { createEngine, emit, type Engine } from '../support/engine.js';
import { numbersOf, TestDispatcher } from '../support/test-dispatcher.js';

const upTo = (count: number, from = 1): number[] =>
  Array.from({ length: count }, (_, index) => from + index);

describe('the window between two ticks', () => {
  let engine: Engine;
  let dispatcher: TestDispatcher;
  let stream: TriggerId;
  beforeAll(async () => {
    engine = await createEngine();
    dispatcher = await TestDispatcher.start(engine);
  });
  beforeEach(async () => {
    stream = await engine.addStream();
  });
  afterAll(() => engine.drop());

  async function begin(isolation = ''): Promise<pg.Client> {
    const writer = await engine.database.client();
    await writer.query(`begin ${isolation}`);
    return writer;
  }

  const write = (writer: pg.Client, count: number, from: number): Promise<void> =>
    emit(writer, engine.schema, stream, count, from);

  it('leaves out what is not committed, and the next one brings it', async () => {
    const writer = await begin();
    await write(writer, 1, 1);
    await engine.emit(stream, 1, 2);
    expect(await dispatcher.drain(stream)).toEqual([2]);
    await writer.query('commit');
    expect(await dispatcher.drain(stream)).toEqual([1]);
  });

  it('does not hold up thousands of others while one transaction stays open', async () => {
    const writer = await begin();
    await write(writer, 3, 1);
    for (let round = 0; round < 10; round++) {
      await engine.emit(stream, 300, 1_000 * (round + 1));
      expect(await dispatcher.drain(stream)).toEqual(upTo(300, 1_000 * (round + 1)));
    }
    await writer.query('commit');
    expect(await dispatcher.drain(stream)).toEqual([1, 2, 3]);
  });

  it('brings both the old and the new numbers of a transaction that wrote on', async () => {
    const writer = await begin();
    await write(writer, 2, 1);
    await engine.emit(stream, 1, 100);
    expect(await dispatcher.drain(stream)).toEqual([100]);
    await engine.emit(stream, 1, 101);
    expect(await dispatcher.drain(stream)).toEqual([101]);
    await write(writer, 2, 3);
    await engine.emit(stream, 1, 102);
    await writer.query('commit');
    expect(await dispatcher.drain(stream)).toEqual([1, 2, 3, 4, 102]);
  });

  it('never has an event of a transaction that was rolled back', async () => {
    const writer = await begin();
    await write(writer, 5, 1);
    await engine.emit(stream, 1, 10);
    expect(await dispatcher.drain(stream)).toEqual([10]);
    await writer.query('rollback');
    await engine.emit(stream, 1, 11);
    expect(await dispatcher.drain(stream)).toEqual([11]);
  });

  it('has what a released savepoint wrote and not what was rolled back to one', async () => {
    const writer = await begin();
    await write(writer, 1, 1);
    await writer.query('savepoint kept');
    await write(writer, 1, 2);
    await writer.query('release kept');
    await writer.query('savepoint undone');
    await write(writer, 1, 3);
    await dispatcher.claim(stream);
    await writer.query('rollback to undone');
    await write(writer, 1, 4);
    await writer.query('commit');
    expect(await dispatcher.drain(stream)).toEqual([1, 2, 4]);
  });

  it('has what was written in a savepoint before the transaction wrote anything else', async () => {
    const writer = await begin();
    await writer.query('savepoint first');
    await write(writer, 1, 1);
    await dispatcher.claim(stream);
    await writer.query('release first');
    await dispatcher.claim(stream);
    await writer.query('commit');
    expect(await dispatcher.drain(stream)).toEqual([1]);
  });

  it.each(['repeatable read', 'serializable'])('has what a %s transaction wrote', async (level) => {
    const writer = await begin(`isolation level ${level}`);
    await writer.query('select count(*) from pg_class');
    await engine.emit(stream, 1, 1);
    expect(await dispatcher.drain(stream)).toEqual([1]);
    await write(writer, 1, 2);
    await engine.emit(stream, 1, 3);
    expect(await dispatcher.drain(stream)).toEqual([3]);
    await writer.query('commit');
    expect(await dispatcher.drain(stream)).toEqual([2]);
  });

  it('walks over gaps in the numbers', async () => {
    const numbers = `select nextval('${engine.schema}.event_number') from generate_series(1, 5000)`;
    await engine.emit(stream, 1, 1);
    await engine.database.query(numbers);
    await engine.emit(stream, 1, 2);
    await engine.database.query(numbers);
    expect(await dispatcher.drain(stream)).toEqual([1, 2]);
  });

  it('has all of a transaction of 20,000 rows, page by page, in order', async () => {
    const writer = await begin();
    await write(writer, 10_000, 1);
    await engine.emit(stream, 1, 0);
    expect(await dispatcher.drain(stream)).toEqual([0]);
    await write(writer, 10_000, 10_001);
    await writer.query('commit');
    expect(await dispatcher.drain(stream)).toEqual(upTo(20_000));
  });

  it('has the events of its own stream alone', async () => {
    const other = await engine.addStream();
    const writer = await begin();
    await emit(writer, engine.schema, other, 2, 1);
    await write(writer, 2, 3);
    await dispatcher.claim(stream, other);
    await writer.query('commit');
    expect(await dispatcher.drain(stream)).toEqual([3, 4]);
    expect(await dispatcher.drain(other)).toEqual([1, 2]);
  });

  it('leaves no trace when it is empty', async () => {
    const other = await engine.addStream();
    await engine.emit(other);
    await dispatcher.drain(other);
    await dispatcher.claim(stream);
    const batches = await engine.database.query(
      `select from ${engine.schema}.batch where trigger_id = $1`,
      [stream],
    );
    expect(batches, 'the first batch, that the stream was born with').toHaveLength(1);
  });

  it('is cut by one transaction at a time, and others use the newest there is', async () => {
    const cutter = await begin();
    await engine.emit(stream, 1, 1);
    await cutter.query(`select ${engine.schema}.tick_v1()`);
    await engine.emit(stream, 1, 2);
    expect(numbersOf((await dispatcher.claim(stream)).batches.flatMap((b) => b.events))).toEqual(
      [],
    );
    await cutter.query('commit');
    expect(await dispatcher.drain(stream)).toEqual([1, 2]);
  });

  it('is not cut while nothing happens', async () => {
    await engine.emit(stream);
    await dispatcher.drain(stream);
    await dispatcher.claim(stream);
    const ticks = `select count(*)::integer as count from ${engine.schema}.tick`;
    const [before] = await engine.database.query(ticks);
    for (let cycle = 0; cycle < 5; cycle++) await dispatcher.claim(stream);
    expect(await engine.database.query(ticks)).toEqual([before]);
  });
});
