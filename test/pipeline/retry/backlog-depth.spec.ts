import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backlogDepths, estimatedDepth } from '../../../lib/pipeline/retry/backlog-depth.js';
import { MOST_COUNTED } from '../../../lib/pipeline/retry/trigger-list.sql.js';
import { APPLICATION, createEngine, type Engine } from '../support/engine.js';
import { runOn } from '../support/run-on.js';
import { TestDispatcher } from '../support/test-dispatcher.js';

describe('the depth of a backlog', () => {
  let engine: Engine;

  beforeEach(async () => {
    engine = await createEngine();
  });
  afterEach(() => engine.drop());

  const depths = (): Promise<Map<string, number>> =>
    backlogDepths(runOn(engine), engine.schema, APPLICATION);

  it('is what nobody has claimed, between pages too', async () => {
    const stream = await engine.addStream({ name: 'orders' });
    await engine.addStream({ name: 'quiet' });
    const dispatcher = await TestDispatcher.start(engine, { events: 2 });
    const depth = async (): Promise<number | undefined> => (await depths()).get('orders');

    expect(await depth(), 'before the first event').toBe(0);
    await engine.emit(stream, 5);
    expect(await depth(), 'nothing is claimed').toBe(5);
    await dispatcher.claim(stream);
    expect(await depth(), 'a page of two is claimed').toBe(3);
    await engine.emit(stream, 1, 6);
    expect(await depth(), 'and another event has come').toBe(4);
    await dispatcher.claim(stream);
    await dispatcher.claim(stream);
    await dispatcher.claim(stream);
    expect(await depth(), 'all is claimed').toBe(0);
    expect((await depths()).get('quiet'), 'one that never had an event').toBe(0);
  });

  it('is estimated where more waits than is counted, by the part that a trigger has of the numbers', async () => {
    const [large, small] = [await engine.addStream(), await engine.addStream()];
    const [events, part] = [3 * MOST_COUNTED, 4];
    await engine.database.query(
      `insert into ${engine.schema}.event (trigger_id, operation)
       select case when n % ${part} = 0 then ${small} else ${large} end, 'MANUAL'
         from generate_series(1, ${events}) n`,
    );
    const [ofLarge, ofSmall] = [...(await depths()).values()];
    expect(ofSmall, 'counted').toBe(events / part);
    const exact = events - events / part;
    expect(Math.abs(ofLarge! - exact) / exact, `${ofLarge} is near ${exact}`).toBeLessThan(0.01);
  });

  it('is the count where nothing lies beyond what was counted', () => {
    const all = { counted: MOST_COUNTED, first: '1', last: '20000', newest: '20000' };
    expect(estimatedDepth(all)).toBe(MOST_COUNTED);
    expect(estimatedDepth({ counted: 0, first: null, last: null, newest: '7' })).toBe(0);
  });
});
