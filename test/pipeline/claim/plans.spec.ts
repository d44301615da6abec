import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TriggerId } from '../../../lib/pipeline/event.js';
import { createEngine, type Engine } from '../support/engine.js';
import { TestDispatcher } from '../support/test-dispatcher.js';

/** So often that every statement has its lasting plan. */
const CYCLES_ON_EMPTY_TABLES = 20;
const EVENTS = 20_000;

describe('plans that were made on empty tables', () => {
  let engine: Engine;
  let stream: TriggerId;
  let dispatcher: TestDispatcher;

  beforeEach(async () => {
    engine = await createEngine();
    stream = await engine.addStream();
    dispatcher = await TestDispatcher.start(engine);
  });

  afterEach(() => engine.drop());

  it('still walk along indexes when the log is large', async () => {
    for (let cycle = 0; cycle < CYCLES_ON_EMPTY_TABLES; cycle += 1) {
      await engine.emit(stream);
      await dispatcher.drain(stream);
    }
    const before = await sequentialScans();
    await engine.emit(stream, EVENTS);

    await dispatcher.drain(stream);

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
