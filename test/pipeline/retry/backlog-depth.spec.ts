import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backlogDepths, estimatedDepth } from '../../../lib/pipeline/retry/backlog-depth.js';
import { MOST_COUNTED } from '../../../lib/pipeline/retry/trigger-list.sql.js';
import { APPLICATION, createEngine, emit, type Engine } from '../support/engine.js';
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
  const depth = async (): Promise<number | undefined> => (await depths()).get('orders');

  it('is what nobody has claimed, between pages too', async () => {
    const stream = await engine.addStream({ name: 'orders' });
    await engine.addStream({ name: 'quiet' });
    const dispatcher = await TestDispatcher.start(engine, { events: 2 });

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

  it('has what a transaction wrote that ended when others behind it were claimed', async () => {
    const stream = await engine.addStream({ name: 'orders' });
    const dispatcher = await TestDispatcher.start(engine, { events: 2 });
    const long = await engine.database.client();
    await long.query('begin');
    await emit(long, engine.schema, stream, 3);
    await engine.emit(stream, 3, 4);
    expect(await depth(), 'what is not committed is not there').toBe(3);

    await dispatcher.claim(stream);
    await long.query('commit');
    expect(await depth(), 'a page of two is claimed, and behind it are three').toBe(4);
    await dispatcher.claim(stream);
    expect(await depth(), 'those of the window come first').toBe(3);
    await dispatcher.claim(stream);
    expect(await depth(), 'in the middle of those behind').toBe(1);
    await dispatcher.claim(stream);
    expect(await depth(), 'all is claimed').toBe(0);
  });

  it('has nothing twice where a window is paged that began in the middle of others', async () => {
    const stream = await engine.addStream({ name: 'orders' });
    const dispatcher = await TestDispatcher.start(engine, { events: 2 });
    const long = await engine.database.client();
    await long.query('begin');
    await emit(long, engine.schema, stream, 1);
    await engine.emit(stream, 2, 2);
    await emit(long, engine.schema, stream, 1, 4);
    await engine.emit(stream, 2, 5);
    await dispatcher.claim(stream);
    await dispatcher.claim(stream);
    expect(await depth(), 'all that is committed is claimed').toBe(0);
    await long.query('commit');
    await engine.emit(stream, 3, 7);
    expect(await depth(), 'two behind and three ahead').toBe(5);
    await dispatcher.claim(stream);
    expect(await depth(), 'the page begins behind, and what lies between is claimed').toBe(3);
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
    const all = { counted: MOST_COUNTED, behind: 0, first: '1', last: '20000', newest: '20000' };
    expect(estimatedDepth(all)).toBe(MOST_COUNTED);
    expect(estimatedDepth({ counted: 0, behind: 0, first: null, last: null, newest: '7' })).toBe(0);
  });
});
