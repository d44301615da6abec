import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { Database } from '../../lib/database.js';
import type { TriggerId } from '../../lib/pipeline/event.js';
import {
  startFakeReceiver,
  type ReceivedRequest,
  type FakeReceiver,
} from 'nestjs-event-triggers/testing';
import { startSilentProxy } from '../support/silent-proxy.js';
import { eventually } from '../support/wait-until.js';
import { createEngine, type Engine } from './support/engine.js';
import { startReplica, type Replica, type ReplicaOptions } from './support/replica.js';
import { ONCE } from './support/trigger.js';

/** Many groups of attempts, in a second or two. */
const MANY = 5_000;
const CUTS = 15;
/** Some hit a claim, some a group that is recorded beside it; between them there is time to connect again. */
const CUT_EVERY_MS = 100;
/** What a lost call took is found within a round of upkeep or two. */
const LONGEST_MS = 20_000;

describe('a dispatcher', () => {
  let engine: Engine;
  let receiver: FakeReceiver;
  let stream: TriggerId;
  const replicas: Replica[] = [];

  beforeEach(async () => {
    engine = await createEngine();
    receiver = await startFakeReceiver();
    stream = await engine.addStream({ content: { webhook: receiver.url } });
  });

  afterEach(async () => {
    for (const replica of replicas.splice(0)) await replica.stop();
    await receiver.close();
    await engine.drop();
  });

  const start = async (options: ReplicaOptions = {}) => {
    const replica = await startReplica(engine, options);
    replicas.push(replica);
    return replica;
  };
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
  const numberOf = ({ body }: ReceivedRequest) =>
    (JSON.parse(body) as { event: { data: { new: { n: number } } } }).event.data.new.n;
  const attemptsBefore = ({ body }: ReceivedRequest) =>
    (JSON.parse(body) as { delivery_info: { current_retry: number } }).delivery_info.current_retry;

  it('sends and records each event once while its connections to the database break', async () => {
    const replica = await start({ batchSize: 500, concurrency: 64 });
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
    await start({ batchSize: 500, concurrency: 64 });
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

  it('goes on, and can stop, when its connections fall silent', async () => {
    const proxy = await startSilentProxy(engine.database.url);
    const connections = new Database({ connectionString: proxy.url }, 500);
    onTestFinished(async () => {
      await connections.close();
      await proxy.close();
    });
    const replica = await start({ connections });
    await engine.emit(stream);
    await receiver.waitFor(1);

    proxy.silence();
    await engine.emit(stream, 1, 2);

    await receiver.waitFor((request) => numberOf(request) === 2);
    proxy.silence();
    await replica.stop();
    replicas.length = 0;
    expect(await attempts(), 'what it had done is recorded').toEqual({ rows: 2, events: 2 });
  });

  it('says that it cannot work on its log where its lease was lost just before', async () => {
    const connections = engine.connect();
    let state: 'well' | 'loses its lease' | 'down' = 'well';
    const fail = (error: object): Promise<never> =>
      Promise.reject(Object.assign(new Error('it is down'), error));
    const failing = Object.assign(Object.create(connections) as Database, {
      run: (...call: Parameters<Database['run']>) => {
        if (state === 'down') return fail({ code: 'ECONNREFUSED' });
        if (state === 'well' || !call[0].endsWith(':cycle')) return connections.run(...call);
        state = 'down';
        return fail({ code: 'ET005' });
      },
    });
    const replica = await start({ connections: failing });
    await engine.emit(stream);
    await receiver.waitFor(1);

    state = 'loses its lease';
    const said = (text: string) => () =>
      replica.messages.filter((message) => message.includes(text)).length === 1;
    await eventually(said('cannot work on its log: it is down'), { describe: 'the failure' });
    state = 'well';
    await eventually(said('reaches its log again'), { describe: 'the end of the failure' });
    expect(receiver.requests, 'no event but the first').toHaveLength(1);
  });

  it('records an attempt at once, however rarely it looks for events', async () => {
    const pollInterval = 3_000;
    await start({ pollInterval });
    await engine.emit(stream);
    await receiver.waitFor(1);
    const sentAt = performance.now();
    await eventually(async () => (await attempts()).rows === 1, { describe: 'the attempt' });
    expect(performance.now() - sentAt, 'ms until it was recorded').toBeLessThan(pollInterval / 2);
  });

  it('makes room for retries in a backlog that keeps all its slots busy', async () => {
    const backlog = 1_000;
    receiver.respondWith((request) =>
      numberOf(request) === 1 && attemptsBefore(request) === 0
        ? { status: 500 }
        : { status: 200, delayMs: 10 },
    );
    await start({ concurrency: 4 });
    await engine.emit(stream, backlog);

    const retried = await receiver.waitFor((request) => attemptsBefore(request) === 1);

    expect(numberOf(retried)).toBe(1);
    expect(receiver.requests.length, 'requests before the retry').toBeLessThan(backlog);
  });

  it('leaves a trigger alone that has moved to another application', async () => {
    const replica = await start();
    await engine.emit(stream);
    await receiver.waitFor(1);
    const revision = `${engine.schema}.event_trigger`;
    await engine.database.query(
      `update ${revision} set application = 'warehouse', revision = default where id = $1`,
      [stream],
    );
    const other = await engine.addStream({ content: { webhook: `${receiver.url}/other` } });
    await engine.emit(other, 1, 2);
    await receiver.waitFor(({ path }) => path === '/other');

    await engine.emit(stream, 1, 3);
    await engine.emit(other, 1, 4);

    await receiver.waitFor((request) => numberOf(request) === 4);
    expect(receiver.requests.map(numberOf), 'its own, before and after').toEqual([1, 2, 4]);
    expect(replica.messages).toEqual([]);
  });

  it('tells of the dead letters that it records on its way out', async () => {
    receiver.respondWith({ status: 500, delayMs: 200 });
    const dead = await engine.addStream({ content: { webhook: receiver.url, retry: ONCE } });
    const told: string[] = [];
    const replica = await start({ onDeadLetter: ({ reason }) => void told.push(reason) });
    await engine.emit(dead);
    await receiver.waitFor(1);

    await replica.stop();
    replicas.length = 0;
    expect(await attempts(), 'recorded before it has stopped').toEqual({ rows: 1, events: 1 });
    expect(told).toEqual(['exhausted']);
  });

  it('hands back what it holds although a call fails on the way out', async () => {
    receiver.respondWith({ status: 200, delayMs: 300 });
    const connections = engine.connect();
    let failures = 0;
    const run = connections.run.bind(connections);
    connections.run = async (name, ...call) => {
      if (failures > 0 && name === 'event-triggers:record') {
        failures -= 1;
        throw new Error('Connection terminated unexpectedly');
      }
      return await run(name, ...call);
    };
    const replica = await start({ connections });
    await engine.emit(stream, 3);
    await receiver.waitFor(3);
    failures = 2;

    await replica.stop();
    replicas.length = 0;

    expect(await attempts(), 'recorded before it left').toEqual({ rows: 3, events: 3 });
    const registered = await engine.database.query(`select from ${engine.schema}.dispatcher`);
    expect(registered, 'nothing is left for an heir').toHaveLength(0);
  });
});
