import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TriggerId } from '../../lib/pipeline/event.js';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { eventually } from '../support/wait-until.js';
import { createEngine, type Engine } from './support/engine.js';
import { startReplica, type Replica } from './support/replica.js';

/** Many groups of attempts, in a second or two. */
const MANY = 5_000;
const CUTS = 15;
/** Some hit a claim, some a group that is recorded beside it; between them there is time to connect again. */
const CUT_EVERY_MS = 100;
/** What a lost call took is found within a round of upkeep or two. */
const LONGEST_MS = 20_000;

describe('a dispatcher', () => {
  let engine: Engine;
  let receiver: Receiver;
  let stream: TriggerId;
  let replica: Replica;

  beforeEach(async () => {
    engine = await createEngine();
    receiver = await startReceiver();
    stream = await engine.addStream({ content: { webhook: receiver.url } });
    replica = await startReplica(engine, { batchSize: 500, concurrency: 64 });
  });

  afterEach(async () => {
    await replica.stop();
    await receiver.close();
    await engine.drop();
  });

  const attempts = async () => {
    const [row] = await engine.database.query<{ rows: number; events: number }>(
      `select count(*)::int as rows, count(distinct event_id)::int as events from ${engine.schema}.attempt`,
    );
    return row!;
  };
  const allRecorded = () =>
    eventually(async () => (await attempts()).events === MANY, {
      timeoutMs: LONGEST_MS,
      describe: `attempts at all of ${MANY} events`,
    });

  it('sends and records each event once while its connections to the database break', async () => {
    await engine.emit(stream, MANY);
    for (let cut = 0; cut < CUTS; cut += 1) {
      await pause(CUT_EVERY_MS);
      replica.cutConnections();
    }
    await allRecorded();

    const { rows } = await attempts();
    expect(rows, 'recorded attempts').toBe(receiver.requests.length);
    expect(receiver.requests, 'no crash, so nothing is sent twice').toHaveLength(MANY);
  });

  it('closes every batch of a load that arrives all at once', async () => {
    await engine.emit(stream, MANY);
    await allRecorded();
    await eventually(
      async () => {
        const open = await engine.database.query(
          `select from ${engine.schema}.batch b
            where b.size > 0
              and not exists (select from ${engine.schema}.batch_done d where d.claim = b.claim)`,
        );
        return open.length === 0;
      },
      { describe: 'batches to close' },
    );
    expect(await attempts()).toEqual({ rows: MANY, events: MANY });
  });
});
