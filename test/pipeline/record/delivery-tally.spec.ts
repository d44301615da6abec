import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../../lib/database.js';
import type { Outcome } from '../../../lib/pipeline/deliver/outcome.js';
import type { TriggerId } from '../../../lib/pipeline/event.js';
import { DeliveryTally } from '../../../lib/pipeline/record/delivery-tally.js';
import { placeOnScale, reachOfPlace } from '../../../lib/pipeline/record/duration-scale.js';
import { deliveryStatistics } from '../../../lib/pipeline/retry/statistics.js';
import { createEngine, type Engine } from '../support/engine.js';
import { runOn } from '../support/run-on.js';

const attempt = (kind: Outcome['kind'], duration: number) => ({ kind, duration }) as Outcome;

describe('counting attempts', () => {
  let engine: Engine;
  let stream: TriggerId;

  beforeEach(async () => {
    engine = await createEngine();
    stream = await engine.addStream();
  });
  afterEach(() => engine.drop());

  const rows = async () => engine.database.query(`select from ${engine.schema}.tally`);
  const statistics = async (minutes = 60) => {
    const [trigger] = await engine.database.query<{ application: string }>(
      `select application from ${engine.schema}.event_trigger`,
    );
    const run = runOn(engine);
    return [
      ...(await deliveryStatistics(run, engine.schema, trigger!.application, minutes)).values(),
    ];
  };

  it('adds up what several replicas have counted', async () => {
    const replicas = [1, 2].map(() => new DeliveryTally(engine.connect(), engine.schema));
    for (const tally of replicas) {
      for (let place = 0; place < 97; place += 1) tally.count(stream, attempt('delivered', 20));
      tally.count(stream, attempt('retry', 900));
      tally.count(stream, attempt('rejected', 1));
      await tally.flush();
    }

    const [own, ...others] = await statistics();
    expect(others).toEqual([]);
    expect(own).toMatchObject({ attempts: 198, failed: 4 });
    expect(own!.p95).toBe(Math.round(reachOfPlace(placeOnScale(20))));
    const counted = own!.buckets.map(({ delivered, failed }) => delivered + failed);
    expect(
      counted.reduce((sum, count) => sum + count, 0),
      'over the minutes, of which there may be two',
    ).toBe(198);
  });

  it('writes with the next ones what it could not write', async () => {
    const connections = engine.connect();
    let isDown = true;
    const failing = Object.assign(Object.create(connections) as Database, {
      run: (...call: Parameters<Database['run']>) =>
        isDown ? Promise.reject(new Error('it is down')) : connections.run(...call),
    });
    const tally = new DeliveryTally(failing, engine.schema);
    tally.count(stream, attempt('delivered', 20));
    tally.count(stream, attempt('retry', 20));
    await expect(tally.flush()).rejects.toThrow('it is down');
    tally.count(stream, attempt('delivered', 900));
    isDown = false;
    await tally.flush();

    const [own] = await statistics();
    expect(own).toMatchObject({ attempts: 3, failed: 1 });
    expect(own!.p95, 'of 20, 20 and 900 ms').toBe(Math.round(reachOfPlace(placeOnScale(900))));
  });

  it('writes nothing where nothing was attempted', async () => {
    const tally = new DeliveryTally(engine.connect(), engine.schema);
    await tally.flush();
    tally.count(stream, attempt('delivered', 1));
    await tally.flush();
    await tally.flush();

    expect(await rows()).toHaveLength(1);
  });

  it('forgets what is older than was asked for', async () => {
    const tally = new DeliveryTally(engine.connect(), engine.schema);
    tally.count(stream, attempt('delivered', 1));
    await tally.flush();
    await engine.database.query(
      `update ${engine.schema}.tally set created_at = clock_timestamp() - interval '10 minutes'`,
    );

    expect(await statistics(5)).toEqual([]);
    expect(await statistics(20)).toMatchObject([{ attempts: 1 }]);
  });
});
