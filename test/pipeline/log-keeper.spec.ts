import type pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogKeeper } from '../../lib/pipeline/log-keeper.js';
import type { HeldLog } from '../../lib/pipeline/held-log.js';
import type { TriggerId } from '../../lib/pipeline/event.js';
import { createEngine, emit, type Engine } from './support/engine.js';
import { attemptsAt, numbersOf, openBatch, TestDispatcher } from './support/test-dispatcher.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const RETENTION = { events: 7 * DAY, attempts: 7 * DAY, deadLetters: 30 * DAY };

describe('keeping the logs', () => {
  let engine: Engine;
  let keeper: LogKeeper;
  let dispatcher: TestDispatcher;
  let stream: TriggerId;

  beforeEach(async () => {
    engine = await createEngine();
    keeper = new LogKeeper(engine.connect(), engine.schema, RETENTION);
    stream = await engine.addStream();
    dispatcher = await TestDispatcher.start(engine, { leaseSeconds: 3_600 });
    await keeper.keep();
  });
  afterEach(() => engine.drop());

  const partitions = async (log: string): Promise<string[]> => {
    const rows = await engine.database.query<{ name: string }>(
      `select name from ${engine.schema}.partitions_v1() where log = $1 and starts_at is not null`,
      [log],
    );
    return rows.map(({ name }) => name);
  };
  const count = async (table: string): Promise<number> => {
    const [row] = await engine.database.query<{ rows: number }>(
      `select count(*)::integer as rows from ${engine.schema}.${table}`,
    );
    return row!.rows;
  };
  /** A round for each day of a time that is to come. */
  const keepFor = async (days: number): Promise<HeldLog[][]> => {
    const told = [];
    for (let day = 1; day <= days; day += 1) told.push(await keeper.keep(day * DAY));
    return told;
  };

  it('makes partitions ahead, so that nothing lands in the default ones', async () => {
    await engine.emit(stream, 10);
    await dispatcher.drain(stream);

    for (const log of ['event', 'attempt', 'batch', 'batch_done', 'tick'])
      expect(await count(`${log}_default`), `rows of ${log}_default`).toBe(0);
    const [days] = await engine.database.query<{ ahead: number }>(
      `select count(*)::integer as ahead from ${engine.schema}.partitions_v1() where log = 'event' and ends_at > clock_timestamp()`,
    );
    expect(days!.ahead, 'days of which one is today').toBe(3);
  });

  it('lets go of events and attempts that are delivered and old', async () => {
    await engine.emit(stream, 10);
    await dispatcher.drain(stream);

    await keepFor(7);
    expect(await count('event'), 'within the retention').toBe(10);
    await keepFor(9);

    expect(await count('event')).toBe(0);
    expect(await count('attempt')).toBe(0);
  });

  it.each([
    ['waits', async () => {}],
    [
      'is in the hands of a dispatcher',
      async () => {
        await dispatcher.claim(stream);
      },
    ],
    [
      'is behind the page that was claimed last',
      async () => {
        const small = await TestDispatcher.start(engine, { events: 4 });
        const { batches } = await small.claim(stream);
        await small.deliver(batches[0]!);
      },
    ],
  ])('keeps an event that %s, for as long as it takes', async (_, before) => {
    await engine.emit(stream, 10);
    await before();

    const told = await keepFor(21);

    expect(await count('event')).toBe(10);
    const [held, ...others] = told.at(-1)!;
    expect(others, 'of other triggers').toEqual([]);
    expect(held, 'what is kept for it').toMatchObject({ trigger: 'stream-1', captures: true });
    expect(held!.bytes).toBeGreaterThan(0);
    expect(held!.since.toISOString()).toContain('T00:00:00');
    expect(told[0], 'within the retention').toEqual([]);
  });

  it('delivers what waited over three retention periods, paused or not', async () => {
    const paused = await engine.addStream();
    await engine.emit(paused, 5);
    await keepFor(21);

    expect(await dispatcher.drain(paused), 'what waited').toEqual([1, 2, 3, 4, 5]);
    await engine.emit(stream, 1);
    await engine.emit(paused, 1, 6);
    expect(await dispatcher.drain(stream), 'of the one that was idle').toEqual([1]);
    expect(await dispatcher.drain(paused), 'of the one that was paused').toEqual([6]);
  });

  it('goes on in the middle of a window after its cursor was written anew', async () => {
    const small = await TestDispatcher.start(engine, { events: 4 });
    await engine.emit(stream, 10);
    const { batches } = await small.claim(stream);
    await small.deliver(batches[0]!);

    await keepFor(2);

    expect(await small.drain(stream)).toEqual([5, 6, 7, 8, 9, 10]);
  });

  it('keeps what a dead dispatcher left, with what it takes to go on', async () => {
    await engine.emit(stream, 3);
    const { batches } = await dispatcher.claim(stream);
    const [first] = batches;
    await dispatcher.record(attemptsAt(first!, { kind: 'delivered' }).slice(0, 1));
    await engine.database.query(`update ${engine.schema}.dispatcher set lease_until = '-infinity'`);

    await keepFor(21);
    const heir = await TestDispatcher.start(engine);

    const [inherited] = await heir.recover([stream]);
    expect(numbersOf(inherited!.events), 'what was not recorded').toEqual([2, 3]);
    expect(openBatch(inherited!).claim).toBe(first!.claim);
  });

  it('keeps few hours of what dispatchers remember of their work', async () => {
    for (let hour = 1; hour <= 12; hour += 1) {
      await engine.emit(stream, 1);
      await dispatcher.drain(stream);
      await keeper.keep(hour * HOUR);
    }
    for (const log of ['tick', 'batch', 'batch_done'])
      expect((await partitions(log)).length, `hours of ${log}`).toBeLessThanOrEqual(8);
  });

  it('moves what landed in a default partition into one of its own', async () => {
    await engine.database.query(
      `insert into ${engine.schema}.event (trigger_id, operation, new, created_at)
       select $1, 'INSERT', json_build_object('n', n), clock_timestamp() + interval '10 days'
         from generate_series(1, 5) n`,
      [stream],
    );
    expect(await count('event_default'), 'captured although there is no partition').toBe(5);

    await keeper.keep(10 * DAY);
    expect(await count('event_default'), 'while others may be on their way there').toBe(5);
    await keeper.keep(12 * DAY);

    expect(await count('event_default')).toBe(0);
    expect(await dispatcher.drain(stream)).toEqual([1, 2, 3, 4, 5]);
  });

  it('never fails a write that is on its way to a default partition', async () => {
    const [present] = await engine.database.query<{ name: string }>(
      `select name from ${engine.schema}.partitions_v1() where log = 'event' and clock_timestamp() between starts_at and ends_at`,
    );
    await engine.database.query(
      `alter table ${engine.schema}.event detach partition ${engine.schema}.${present!.name}`,
    );
    let over = false;
    const written = Promise.all(
      [1, 2, 3, 4].map(async () => {
        let rows = 0;
        for (; !over; rows += 1) await engine.emit(stream, 1);
        return rows;
      }),
    );
    for (let round = 0; round < 10; round += 1) await keeper.keep();
    over = true;

    const rows = (await written).reduce((sum, one) => sum + one, 0);
    expect(await count('event_default'), 'rows without a partition').toBe(rows);
    expect(await dispatcher.drain(stream)).toHaveLength(rows);
  });

  it('asks again what is owed once it has the lock: a transaction may have ended meanwhile', async () => {
    const writer = await engine.database.client();
    await writer.query('begin');
    await emit(writer, engine.schema, stream, 1);

    await keepFor(9);
    await writer.query('commit');
    await keepFor(9);

    expect(await dispatcher.drain(stream), 'of a transaction that was open for nine days').toEqual([
      1,
    ]);
  });

  it('makes no writer wait for an open transaction', async () => {
    const held: pg.Client = await engine.database.client();
    await held.query('begin');
    await emit(held, engine.schema, stream, 1);
    const other = await engine.addStream();
    let longest = 0;
    const work = keepFor(9);
    let over = false;
    void work.finally(() => {
      over = true;
    });
    while (!over) {
      const start = performance.now();
      await engine.emit(other, 1);
      longest = Math.max(longest, performance.now() - start);
    }
    await work;
    await held.query('rollback');

    expect(longest, 'milliseconds that a write took beside it').toBeLessThan(300);
  });

  it('forgets dead letters after their own time, but none that holds up its key', async () => {
    await engine.emit(stream, 2);
    const { batches } = await dispatcher.claim(stream);
    await dispatcher.record(attemptsAt(batches[0]!, { kind: 'dead', reason: 'exhausted' }));
    await engine.database.query(
      `update ${engine.schema}.dead_letter set holds_key = true where (new ->> 'n')::integer = 1`,
    );

    await keeper.keep(29 * DAY);
    expect(await count('dead_letter')).toBe(2);
    await keeper.keep(31 * DAY);

    const left = await engine.database.query(
      `select new ->> 'n' as n from ${engine.schema}.dead_letter`,
    );
    expect(left).toEqual([{ n: '1' }]);
  });
});
