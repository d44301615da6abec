import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TriggerContent } from '../../lib/pipeline/attach/stored-trigger.js';
import type { TriggerId } from '../../lib/pipeline/event.js';
import {
  startFakeReceiver,
  type FakeReceiver,
  type FakeReceiverOptions,
} from 'nestjs-event-triggers/testing';
import { eventually } from '../support/wait-until.js';
import { createEngine, type Engine } from './support/engine.js';
import { startReplica, type Replica, type ReplicaOptions } from './support/replica.js';

/** Longer than any of these tests takes. */
const FOR_EVER_MS = 60_000;
const BREAKER = {
  failureRatio: 0.5,
  window: 30_000,
  minimum: 4,
  pause: 200,
  maxPause: 400,
  disableAfter: null,
};

/** As long as the receiver asks for, in whole seconds; less what its answer was under way. */
const [RESTS_SECONDS, LEAST_REST_MS] = [2, 1_900] as const;

describe('triggers of one dispatcher', () => {
  let engine: Engine;
  const replicas: Replica[] = [];
  const receivers: FakeReceiver[] = [];

  beforeEach(async () => {
    engine = await createEngine();
  });
  afterEach(async () => {
    await Promise.all(receivers.splice(0).map((receiver) => receiver.close()));
    await Promise.all(replicas.splice(0).map((replica) => replica.stop()));
    await engine.drop();
  });

  const start = async (options: ReplicaOptions = {}): Promise<Replica> => {
    const replica = await startReplica(engine, options);
    replicas.push(replica);
    return replica;
  };
  const receive = async (options: FakeReceiverOptions = {}): Promise<FakeReceiver> => {
    const receiver = await startFakeReceiver(options);
    receivers.push(receiver);
    return receiver;
  };
  const stream = async (
    to: FakeReceiver,
    content: Partial<TriggerContent> = {},
  ): Promise<TriggerId> => engine.addStream({ content: { webhook: to.url, ...content } });
  const count = async (table: string): Promise<number> => {
    const [row] = await engine.database.query<{ rows: number }>(
      `select count(*)::integer as rows from ${engine.schema}.${table}`,
    );
    return row!.rows;
  };

  it('go on while the webhook of another one hangs, which occupies its own slots only', async () => {
    const hanging = await receive({ respond: { delayMs: FOR_EVER_MS } });
    const healthy = await receive();
    const hung = await stream(hanging, { concurrency: 4, timeout: 30_000 });
    const other = await stream(healthy);
    await start({ concurrency: 8 });
    await engine.emit(hung, 300);
    await hanging.waitFor(4);

    await engine.emit(other, 300);

    await healthy.waitFor(300, 5_000);
    expect(hanging.requests, 'the slots of the one that hangs').toHaveLength(4);
  });

  it('go on while another one rests as a whole, because its receiver says that it is overloaded', async () => {
    const overloaded = await receive({
      respond: (_, index) =>
        index === 0 ? { status: 429, headers: { 'retry-after': String(RESTS_SECONDS) } } : {},
    });
    const healthy = await receive();
    const resting = await stream(overloaded, { concurrency: 1 });
    const other = await stream(healthy);
    await start();
    await engine.emit(resting, 5);
    await overloaded.waitFor(1);

    await engine.emit(other, 5);
    await healthy.waitFor(5, 1_000);
    expect(overloaded.requests, 'requests while it rests').toHaveLength(1);

    await overloaded.waitFor(6);
    const [first, second] = overloaded.requests;
    expect(
      second!.at.getTime() - first!.at.getTime(),
      'milliseconds until the next request',
    ).toBeGreaterThan(LEAST_REST_MS);
  });

  it('go on beside one with a backlog that is far larger than a page', async () => {
    const busy = await receive({ respond: { delayMs: 5 } });
    const quick = await receive();
    const loaded = await stream(busy, { concurrency: 8 });
    const other = await stream(quick);
    await engine.emit(loaded, 20_000);
    await start({ concurrency: 16, batchSize: 100 });
    await busy.waitFor(200);

    const before = busy.requests.length;
    await engine.emit(other, 1);
    await quick.waitFor(1, 5_000);

    expect(
      busy.requests.length - before,
      'requests of the backlog while the other one waited',
    ).toBeLessThan(1_000);
  });

  it('get retries through beside one whose retries all hang', async () => {
    const hanging = await receive({
      respond: (_, index) => (index < 40 ? { status: 500 } : { delayMs: FOR_EVER_MS }),
    });
    const flaky = await receive({ respond: (_, index) => ({ status: index < 5 ? 500 : 200 }) });
    const hung = await stream(hanging, { concurrency: 4, timeout: 30_000 });
    const other = await stream(flaky);
    await start({ concurrency: 8 });
    await engine.emit(hung, 40);
    await hanging.waitFor(44);

    await engine.emit(other, 5);

    const requests = await flaky.waitFor(10, 5_000);
    expect(requests, 'five attempts and five retries').toHaveLength(10);
  });

  it('send no more than their rate', async () => {
    const receiver = await receive();
    const limited = await stream(receiver, { rateLimit: { perSecond: 20, burst: 5 } });
    await start();
    await engine.emit(limited, 25);

    const requests = await receiver.waitFor(25, 5_000);

    const elapsed = requests[24]!.at.getTime() - requests[0]!.at.getTime();
    expect(elapsed, 'milliseconds for 20 beyond the burst at 20 a second').toBeGreaterThan(900);
  });

  it('are left alone by a breaker that is open: no attempt, nothing written', async () => {
    let healthy = false;
    const receiver = await receive({ respond: () => ({ status: healthy ? 200 : 503 }) });
    const broken = await stream(receiver, {
      breaker: { ...BREAKER, pause: FOR_EVER_MS, maxPause: FOR_EVER_MS },
      retry: {
        attempts: 100,
        strategy: 'fixed',
        delay: 10,
        maxDelay: 10,
        maxAge: null,
        jitter: false,
      },
      concurrency: 4,
    });
    const quick = await receive();
    const other = await stream(quick);
    const replica = await start();
    await engine.emit(broken, 4);
    await eventually(() => replica.messages.some((line) => line.includes('is held back')));
    healthy = true;
    await eventually(async () => (await count('attempt')) === receiver.requests.length);
    const sent = receiver.requests.length;
    const batches = await count('batch');

    await engine.emit(broken, 1_000);
    await engine.emit(other, 1);
    await quick.waitFor(1);

    expect(receiver.requests, 'requests while it is open').toHaveLength(sent);
    expect(
      await count('attempt'),
      'attempts, with the one at the other trigger',
    ).toBeLessThanOrEqual(sent + 1);
    expect(await count('batch'), 'batches, with the one of the other trigger').toBe(batches + 1);
  });

  it('are delivered completely once probes have found their destination back', async () => {
    let healthy = false;
    const receiver = await receive({ respond: () => ({ status: healthy ? 200 : 503 }) });
    const broken = await stream(receiver, { breaker: BREAKER, concurrency: 4 });
    const replica = await start();
    await engine.emit(broken, 50);
    await eventually(() => replica.messages.some((line) => line.includes('is held back')));
    const failed = receiver.requests.length;
    expect(failed, 'attempts before it opened').toBeLessThan(20);

    healthy = true;

    await eventually(async () => (await count('retry')) === 0 && receiver.requests.length >= 50);
    await eventually(() => replica.messages.some((line) => line.includes('is delivered again')));
    expect(await count('dead_letter')).toBe(0);
  });

  it('are paused after failing for too long, and go on when they are resumed', async () => {
    let healthy = false;
    const receiver = await receive({ respond: () => ({ status: healthy ? 200 : 503 }) });
    const broken = await stream(receiver, {
      breaker: { ...BREAKER, pause: 100, maxPause: 100, disableAfter: 300 },
      concurrency: 4,
    });
    const replica = await start();
    await engine.emit(broken, 30);
    await eventually(() => replica.messages.some((line) => line.includes('is paused')));
    healthy = true;
    const [row] = await engine.database.query(
      `select delivery_pause_reason as reason from ${engine.schema}.event_trigger`,
    );
    expect(row).toEqual({ reason: 'failing' });
    const sent = receiver.requests.length;

    await engine.database.query(`select ${engine.schema}.resume_delivery_v1($1)`, [broken]);

    await eventually(async () => (await count('retry')) === 0 && receiver.requests.length > sent);
    expect(await count('dead_letter'), 'its events were kept').toBe(0);
  });

  it('are paused at once by a destination that says it is gone, which keeps the event', async () => {
    let gone = true;
    const receiver = await receive({ respond: () => ({ status: gone ? 410 : 200 }) });
    const lost = await stream(receiver, { concurrency: 1 });
    const replica = await start();
    await engine.emit(lost, 20);
    await eventually(() =>
      replica.messages.some((line) => line.includes('answered that it is gone')),
    );
    expect(receiver.requests, 'requests').toHaveLength(1);
    gone = false;

    await engine.database.query(`select ${engine.schema}.resume_delivery_v1($1)`, [lost]);

    await receiver.waitFor(21);
    await eventually(async () => (await count('retry')) === 0);
  });

  it('can be paused in all replicas, and go on where they stood', async () => {
    const receiver = await receive();
    const paused = await stream(receiver);
    await start();
    await engine.database.query(`select ${engine.schema}.pause_delivery_v1($1, 'hand')`, [paused]);
    const other = await receive();
    const marker = await stream(other);
    await engine.emit(marker, 1);
    // Whoever knows the marker, which is younger, knows of the pause.
    await other.waitFor(1);
    await start();
    await engine.emit(paused, 50);
    await engine.emit(marker, 50);
    await other.waitFor(51);
    const before = receiver.requests.length;

    await engine.database.query(`select ${engine.schema}.resume_delivery_v1($1)`, [paused]);

    await receiver.waitFor(50);
    expect(before, 'requests while it was paused').toBe(0);
    expect(receiver.requests).toHaveLength(50);
  });

  it('hand back what is in hand when they are paused, so that it can be given up', async () => {
    const receiver = await receive({ respond: { delayMs: 300 } });
    const paused = await stream(receiver, { concurrency: 2 });
    await start();
    await engine.emit(paused, 50);
    await receiver.waitFor(2);

    await engine.database.query(`select ${engine.schema}.pause_delivery_v1($1, 'hand')`, [paused]);

    const purge = `select waiting::integer, purged from ${engine.schema}.purge_v1($1, $2)`;
    const waiting = await eventually(
      async () => {
        const [row] = await engine.database.query<{ waiting: number }>(purge, [paused, null]);
        return row!.waiting + receiver.requests.length === 50 && row!.waiting;
      },
      { describe: 'all that is not under way to wait in the database' },
    );
    expect(await engine.database.query(purge, [paused, waiting])).toEqual([
      { waiting, purged: true },
    ]);
    await engine.database.query(`select ${engine.schema}.resume_delivery_v1($1)`, [paused]);
    await engine.emit(paused, 1, 51);
    const numberOf = ({ body }: { body: string }): number =>
      (JSON.parse(body) as { event: { data: { new: { n: number } } } }).event.data.new.n;
    await receiver.waitFor((request) => numberOf(request) === 51);
    expect(receiver.requests, 'nothing that was given up').toHaveLength(50 - waiting + 1);
  });
});
