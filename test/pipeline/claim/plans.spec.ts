import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TriggerId } from '../../../lib/pipeline/event.js';
import { createEngine, type Engine } from '../support/engine.js';
import { TestDispatcher } from '../support/test-dispatcher.js';

/** So often that every statement has its lasting plan. */
const CYCLES_ON_EMPTY_TABLES = 20;
/** So many that reading all of them for one page is a waste. */
const EVENTS = 20_000;

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
