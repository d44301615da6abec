import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TriggerId } from '../../../lib/pipeline/event.js';
import { createEngine, type Engine } from '../support/engine.js';
import { attemptsAt, attemptsAtEvents, TestDispatcher } from '../support/test-dispatcher.js';

/** So often that every statement has its lasting plan. */
const CYCLES_ON_EMPTY_TABLES = 20;
/** So many that reading all of them for one page is a waste. */
const EVENTS = 20_000;
/** A page. */
const RETRIES = 500;
const AT_ONCE = { kind: 'retry', delay: 0 } as const;

describe('plans that were made on empty tables', () => {
  let engine: Engine;
  let stream: TriggerId;
  let neighbour: TriggerId;
  let dispatcher: TestDispatcher;

  beforeEach(async () => {
    engine = await createEngine();
    stream = await engine.addStream();
    neighbour = await engine.addStream();
    dispatcher = await TestDispatcher.start(engine);
  });

  afterEach(() => engine.drop());

  it('still walk along indexes when the log is large', async () => {
    // Tables that were never analyzed are taken for larger than they are.
    await engine.database.query('vacuum analyze');
    for (let cycle = 0; cycle < CYCLES_ON_EMPTY_TABLES; cycle += 1) {
      await engine.emit(neighbour);
      const { batches } = await dispatcher.claimNews(stream);
      expect(batches, 'the log grew by what is no news of this stream').toEqual([]);
    }
    const before = await sequentialScans();
    await engine.emit(stream, EVENTS);

    const news = await dispatcher.claimNews(stream);
    const rest = await dispatcher.drain(stream);

    const claimed = news.batches.reduce((sum, { events }) => sum + events.length, rest.length);
    expect(claimed, 'events that the plans were put to').toBe(EVENTS);
    expect(await sequentialScans(), 'tables that were read from end to end').toEqual(before);
  });

  it('record a retry without walking over all that is in hand', async () => {
    await engine.emit(stream, RETRIES);
    for (const events of [await dispatcher.claimNews(stream)].flatMap(({ batches }) => batches))
      await dispatcher.record(attemptsAt(events, AT_ONCE));
    // While nothing is in hand, which makes it look as if never anything were.
    await engine.database.query('analyze event_triggers.retry');
    const retries = await dispatcher.claimRetries(RETRIES, stream);
    expect(retries, 'retries in hand').toHaveLength(RETRIES);
    const before = await scansOf('retry_of_dispatcher');

    await dispatcher.record(attemptsAtEvents(retries, AT_ONCE));

    expect(
      await scansOf('retry_of_dispatcher'),
      'looks at all that is in hand, which each attempt would be compared with',
    ).toBe(before);
    expect(
      await dispatcher.claimRetries(RETRIES, stream),
      'all of them were recorded',
    ).toHaveLength(RETRIES);
  });

  async function scansOf(index: string): Promise<number> {
    await dispatcher.connections.query('select pg_stat_force_next_flush()');
    await dispatcher.connections.query('select 1');
    const [row] = await engine.database.query<{ scans: number }>(
      'select idx_scan::integer as scans from pg_stat_user_indexes where indexrelname = $1',
      [index],
    );
    return row!.scans;
  }

  /** Of the tables that grow. A session reports what it did when it is asked to, or when it ends. */
  async function sequentialScans(): Promise<unknown> {
    await dispatcher.connections.query('select pg_stat_force_next_flush()');
    await dispatcher.connections.query('select 1');
    return await engine.database.query(
      `select relname, seq_scan from pg_stat_user_tables
        where schemaname = 'event_triggers' and relname ~ '^(event|attempt|batch|tick)' and relname !~ 'trigger'
        order by relname`,
    );
  }
});
