import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEngine, emit, type Engine } from '../support/engine.js';
import { numbersOf, TestDispatcher } from '../support/test-dispatcher.js';

describe('on a quiet database', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine();
  });
  afterAll(() => engine.drop());

  it('finds the event of the only writer without any other traffic', async () => {
    const stream = await engine.addStream();
    const dispatcher = await TestDispatcher.start(engine);
    const writer = await engine.database.client();
    await writer.query('begin');
    await emit(writer, engine.schema, stream);
    // The writer's number is issued, and the writer is in nobody's list of running transactions.
    for (let cycle = 0; cycle < 5; cycle++) {
      expect((await dispatcher.claimNews(stream)).batches).toEqual([]);
    }
    await writer.query('commit');
    const { batches } = await dispatcher.claimNews(stream);
    expect(batches.map(({ events }) => numbersOf(events))).toEqual([[1]]);
  });
});
