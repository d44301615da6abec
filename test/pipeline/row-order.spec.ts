import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TriggerContent } from '../../lib/pipeline/attach/stored-trigger.js';
import type { TriggerId } from '../../lib/pipeline/event.js';
import {
  startFakeReceiver,
  type ReceivedRequest,
  type FakeReceiver,
  type ReceiverResponse,
} from 'nestjs-event-triggers/testing';
import { eventually } from '../support/wait-until.js';
import { createEngine, type Engine } from './support/engine.js';
import { Random } from '../support/random.mjs';
import { startReplica, type Replica, type ReplicaOptions } from './support/replica.js';

const KEYS = 20;
const VERSIONS = 30;
const SOON = {
  attempts: 50,
  strategy: 'fixed',
  delay: 20,
  maxDelay: 20,
  maxAge: null,
  jitter: false,
} as const;

interface Change {
  readonly key: string;
  readonly version: number;
}

const changeIn = ({ body }: ReceivedRequest): Change =>
  (JSON.parse(body) as { event: { data: { new: Change } } }).event.data.new;

describe('rows in order', () => {
  let engine: Engine;
  let receiver: FakeReceiver;
  const replicas: Replica[] = [];

  beforeEach(async () => {
    engine = await createEngine();
    receiver = await startFakeReceiver();
  });
  afterEach(async () => {
    await Promise.all(replicas.splice(0).map((replica) => replica.stop()));
    await receiver.close();
    await engine.drop();
  });

  const start = async (options: ReplicaOptions = {}): Promise<Replica> => {
    const replica = await startReplica(engine, options);
    replicas.push(replica);
    return replica;
  };
  const ordered = async (content: Partial<TriggerContent> = {}): Promise<TriggerId> =>
    engine.addStream({
      content: { webhook: receiver.url, ordering: 'row', retry: SOON, ...content },
    });
  /** One change of each key, in one transaction. */
  const change = async (stream: TriggerId, version: number, keys = KEYS): Promise<void> => {
    await engine.database.query(
      `insert into ${engine.schema}.event (trigger_id, operation, key, new)
       select $1, 'UPDATE', 'k' || n, json_build_object('key', 'k' || n, 'version', $2::integer)
         from generate_series(1, $3::integer) n`,
      [stream, version, keys],
    );
  };
  const settled = async (): Promise<boolean> => {
    const [row] = await engine.database.query<{ open: boolean }>(
      `select exists (select from ${engine.schema}.retry)
           or exists (select from ${engine.schema}.batch b
                       where b.size > 0
                         and not exists (select from ${engine.schema}.batch_done d
                                          where d.batch_id = b.id and d.claim = b.claim)) as open`,
    );
    return !row!.open;
  };
  /** The versions of each key that got through, in the order in which each first came. */
  const firstSeen = (answered: ReadonlySet<ReceivedRequest>): Map<string, number[]> => {
    const seen = new Map<string, number[]>();
    for (const request of receiver.requests.filter((one) => answered.has(one))) {
      const { key, version } = changeIn(request);
      const versions = seen.get(key) ?? [];
      if (!versions.includes(version)) seen.set(key, [...versions, version]);
    }
    return seen;
  };

  it('are sent one at a time and in order, over failures, slow answers and replicas', async () => {
    const seed = Number(process.env['EVENT_TRIGGERS_SEED'] ?? Date.now());
    const random = new Random(seed);
    const through = new Set<ReceivedRequest>();
    const underWay = new Map<string, number>();
    let overlaps = 0;
    receiver.respondWith(async (request): Promise<ReceiverResponse> => {
      const { key } = changeIn(request);
      underWay.set(key, (underWay.get(key) ?? 0) + 1);
      if (underWay.get(key)! > 1) overlaps += 1;
      await new Promise((resolve) => setTimeout(resolve, random.between(0, 7)));
      underWay.set(key, underWay.get(key)! - 1);
      if (random.between(0, 4) === 0) return { status: 500 };
      through.add(request);
      return { status: 200 };
    });
    const stream = await ordered();
    await Promise.all([start({ batchSize: 40 }), start({ batchSize: 40 })]);

    for (let version = 1; version <= VERSIONS; version += 1) await change(stream, version);

    await eventually(async () => through.size >= KEYS * VERSIONS && (await settled()), {
      timeoutMs: 30_000,
      describe: 'all versions to get through',
    });
    const all = Array.from({ length: VERSIONS }, (_, index) => index + 1);
    for (const [key, versions] of firstSeen(through))
      expect(versions, `${key}, seed ${seed}`).toEqual(all);
    expect(overlaps, 'requests of a key while another one was under way').toBe(0);
    expect(through.size, 'nothing crashed, so nothing is sent twice').toBe(KEYS * VERSIONS);
  });

  it('hold back their own key only while one fails', async () => {
    let mended = false;
    receiver.respondWith((request) => ({
      status: !mended && changeIn(request).key === 'k1' ? 500 : 200,
    }));
    const stream = await ordered();
    await start();
    for (let version = 1; version <= 10; version += 1) await change(stream, version);

    await eventually(
      () =>
        receiver.requests.filter((request) => changeIn(request).key !== 'k1').length ===
        (KEYS - 1) * 10,
    );
    const failing = receiver.requests.map(changeIn).filter(({ key }) => key === 'k1');
    expect(
      new Set(failing.map(({ version }) => version)),
      'versions of the key that fails',
    ).toEqual(new Set([1]));

    mended = true;
    await eventually(settled);
    const versions = receiver.requests
      .map(changeIn)
      .filter(({ key }) => key === 'k1')
      .map(({ version }) => version);
    expect([...new Set(versions)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('go on elsewhere in order when their replica dies', async () => {
    receiver.respondWith({ delayMs: 3 });
    const stream = await ordered();
    const dying = await start({ leaseSeconds: 3, batchSize: 50 });
    for (let version = 1; version <= 10; version += 1) await change(stream, version);
    await receiver.waitFor(60);
    dying.crash();
    replicas.splice(replicas.indexOf(dying), 1);
    await start({ leaseSeconds: 3, batchSize: 50 });

    await eventually(async () => receiver.requests.length >= KEYS * 10 && (await settled()), {
      timeoutMs: 20_000,
    });

    const all = Array.from({ length: 10 }, (_, index) => index + 1);
    for (const [key, versions] of firstSeen(new Set(receiver.requests)))
      expect(versions, `first requests of ${key}`).toEqual(all);
  });

  it('keep it over a pause that comes while they are in hand', async () => {
    receiver.respondWith({ delayMs: 20 });
    const stream = await ordered();
    await start();
    for (let version = 1; version <= 8; version += 1) await change(stream, version);
    await receiver.waitFor(10);

    await engine.database.query(`select ${engine.schema}.pause_delivery_v1($1, 'hand')`, [stream]);
    await eventually(
      async () => {
        const [open] = await engine.database.query<{ count: number }>(
          `select count(*)::integer as count from ${engine.schema}.batch b
            where b.size > 0
              and not exists (select from ${engine.schema}.batch_done d where d.claim = b.claim)`,
        );
        return open?.count === 0;
      },
      { describe: 'all of it to be back in the database' },
    );
    await engine.database.query(`select ${engine.schema}.resume_delivery_v1($1)`, [stream]);

    await receiver.waitFor(KEYS * 8);
    const all = Array.from({ length: 8 }, (_, index) => index + 1);
    for (const [key, versions] of firstSeen(new Set(receiver.requests)))
      expect(versions, `first requests of ${key}`).toEqual(all);
    expect(receiver.requests, 'nothing twice').toHaveLength(KEYS * 8);
  });

  it('wait with their whole key behind one that is given up, where the definition says so', async () => {
    receiver.respondWith((request) => ({ status: changeIn(request).version === 1 ? 500 : 200 }));
    const stream = await ordered({
      whenExhausted: 'hold-key',
      retry: { ...SOON, attempts: 2 },
    });
    await start();
    await change(stream, 1, 1);
    await change(stream, 2, 1);
    await eventually(async () => {
      const dead = await engine.database.query(
        `select from ${engine.schema}.dead_letter where holds_key`,
      );
      return dead.length === 1;
    });
    await change(stream, 3, 2);

    await receiver.waitFor((request) => changeIn(request).key === 'k2');
    expect(receiver.requests.map(changeIn).filter(({ key }) => key === 'k1')).toEqual([
      { key: 'k1', version: 1 },
      { key: 'k1', version: 1 },
    ]);
  });

  it('let one replica at a time deliver a trigger whose limits are exact', async () => {
    let underWay = 0;
    let most = 0;
    receiver.respondWith(async () => {
      most = Math.max(most, (underWay += 1));
      await new Promise((resolve) => setTimeout(resolve, 5));
      underWay -= 1;
      return { status: 200 };
    });
    const stream = await engine.addStream({
      content: { webhook: receiver.url, exact: true, concurrency: 2 },
    });
    await Promise.all([
      start({ batchSize: 10 }),
      start({ batchSize: 10 }),
      start({ batchSize: 10 }),
    ]);

    for (let page = 0; page < 10; page += 1) await engine.emit(stream, 20, page * 20);

    await receiver.waitFor(200);
    expect(most, 'requests at the same time').toBe(2);
  });
});
