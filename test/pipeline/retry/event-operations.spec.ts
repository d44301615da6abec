import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TriggerContent } from '../../../lib/pipeline/attach/stored-trigger.js';
import type { DeadLetter } from '../../../lib/pipeline/dead-letters.js';
import type { TriggerId } from '../../../lib/pipeline/event.js';
import { ApplicationEvents } from '../../../lib/pipeline/retry/application-events.js';
import { EventOperations } from '../../../lib/pipeline/retry/event-operations.js';
import {
  startFakeReceiver,
  type ReceivedRequest,
  type FakeReceiver,
} from 'nestjs-event-triggers/testing';
import { eventually } from '../../support/wait-until.js';
import { APPLICATION, createEngine, type Engine } from '../support/engine.js';
import { runOn } from '../support/run-on.js';
import { startReplica, type Replica, type ReplicaOptions } from '../support/replica.js';
import { ONCE } from '../support/trigger.js';

const idOf = ({ body }: ReceivedRequest): string => (JSON.parse(body) as { id: string }).id;
const numberOf = ({ body }: ReceivedRequest): number =>
  (JSON.parse(body) as { event: { data: { new: { n: number } } } }).event.data.new.n;
const isRedelivery = ({ headers }: ReceivedRequest): boolean =>
  headers['event-triggers-redelivery'] === 'true';

describe('what is done to events by hand', () => {
  let engine: Engine;
  let receiver: FakeReceiver;
  let operations: EventOperations;
  const replicas: Replica[] = [];

  beforeEach(async () => {
    engine = await createEngine();
    receiver = await startFakeReceiver();
    operations = new EventOperations(
      new ApplicationEvents(runOn(engine), engine.schema, APPLICATION),
      engine.schema,
    );
  });
  afterEach(async () => {
    await Promise.all(replicas.splice(0).map((replica) => replica.stop()));
    await receiver.close();
    await engine.drop();
  });

  const stream = async (content: Partial<TriggerContent> = {}, name?: string): Promise<TriggerId> =>
    engine.addStream({
      content: { webhook: receiver.url, retry: ONCE, ...content },
      ...(name && { name }),
    });
  const start = async (options: ReplicaOptions = {}): Promise<Replica> => {
    const replica = await startReplica(engine, options);
    replicas.push(replica);
    return replica;
  };
  const count = async (table: string): Promise<number> => {
    const [row] = await engine.database.query<{ rows: number }>(
      `select count(*)::integer as rows from ${engine.schema}.${table}`,
    );
    return row!.rows;
  };
  /** So many dead letters, numbered from 1. */
  const bury = async (trigger: TriggerId, events: number): Promise<readonly ReceivedRequest[]> => {
    receiver.respondWith({ status: 500 });
    await engine.emit(trigger, events);
    const requests = [...(await receiver.waitFor(events))];
    await eventually(async () => (await count('dead_letter')) === events);
    receiver.respondWith({ status: 200 });
    return requests;
  };

  it('sends a dead letter again, under its id and marked as such', async () => {
    await start();
    const [dead] = await bury(await stream(), 1);

    await operations.redeliver(idOf(dead!));

    const again = await receiver.waitFor(isRedelivery);
    expect(idOf(again)).toBe(idOf(dead!));
    expect(isRedelivery(dead!), 'whether the first attempt was marked').toBe(false);
    await eventually(async () => (await count('retry')) === 0);
    expect(await count('dead_letter')).toBe(0);
  });

  it('sends a delivered event again as long as the log has it', async () => {
    await start();
    await engine.emit(await stream(), 3);
    const [, second] = await receiver.waitFor(3);
    await eventually(async () => (await count('attempt')) === 3);

    await operations.redeliver(idOf(second!));

    expect(idOf(await receiver.waitFor(isRedelivery))).toBe(idOf(second!));
    expect(receiver.requests).toHaveLength(4);
  });

  it('is told of a dead letter once it is recorded, and an error in that harms nothing', async () => {
    const told: DeadLetter[] = [];
    const trigger = await stream({}, 'orders');
    const replica = await start({
      onDeadLetter: (deadLetter) => {
        told.push(deadLetter);
        throw new Error('the alarm is broken');
      },
    });
    const [first] = await bury(trigger, 2);

    await eventually(() => told.length === 2);
    expect(told.find(({ id }) => id === idOf(first!))).toMatchObject({
      trigger: 'orders',
      reason: 'exhausted',
      attempts: 1,
      status: 500,
      new: { n: numberOf(first!) },
      old: null,
    });
    await eventually(() => replica.messages.some((line) => line.includes('onDeadLetter failed')));
    expect(await count('dead_letter')).toBe(2);
  });

  it('refuses ids that it knows nothing of', async () => {
    await start();
    await engine.emit(await stream(), 1);
    const [request] = await receiver.waitFor(1);
    const id = idOf(request!);

    await expect(operations.redeliver('7')).rejects.toMatchObject({ code: 'ET_INVALID_EVENT_ID' });
    const foreign = (id.startsWith('0') ? '1' : '0') + id.slice(1);
    await expect(operations.cancel(foreign)).rejects.toMatchObject({ code: 'ET_FOREIGN_EVENT_ID' });
    const unknown = id.slice(0, -3) + (id.endsWith('fff') ? 'eee' : 'fff');
    await expect(operations.redeliver(unknown)).rejects.toMatchObject({ code: 'ET_UNKNOWN_EVENT' });
  });

  it('sends many dead letters again, after telling how many they are', async () => {
    await start();
    await bury(await stream({}, 'orders'), 30);
    const filter = { trigger: 'orders', reason: 'exhausted' };

    expect(await operations.redeliverMany(filter, { dryRun: true })).toBe(30);
    expect(await operations.redeliverMany({ ...filter, key: '7' }, { dryRun: true })).toBe(1);
    expect(await operations.redeliverMany({ ...filter, reason: 'too-old' }, { dryRun: true })).toBe(
      0,
    );
    await expect(operations.redeliverMany({ trigger: 'order' }, {})).rejects.toThrow(
      'did you mean "orders"?',
    );
    expect(await operations.redeliverMany(filter, {})).toBe(30);

    await eventually(() => receiver.requests.filter(isRedelivery).length === 30);
    expect(await count('dead_letter')).toBe(0);
  });

  it('sends each dead letter again once, also where all of them die again at once', async () => {
    await start();
    await bury(await stream({}, 'orders'), 6);
    receiver.respondWith({ status: 503 });
    const progress: number[] = [];

    const redelivered = await operations.redeliverMany(
      { trigger: 'orders' },
      {
        perSecond: 2,
        onProgress: (soFar) => progress.push(soFar),
        signal: AbortSignal.timeout(10_000),
      },
    );

    expect([redelivered, progress]).toEqual([6, [2, 4, 6]]);
  });

  it('sends those again whose last attempt came to the same', async () => {
    await start();
    await bury(await stream({}, 'orders'), 3);
    const filter = { trigger: 'orders', errorCode: 'HTTP_500' };

    expect(await operations.redeliverMany(filter, { dryRun: true })).toBe(3);
    const other = { ...filter, errorCode: 'ECONNREFUSED' };
    expect(await operations.redeliverMany(other, { dryRun: true })).toBe(0);
    expect(await operations.redeliverMany(other, {})).toBe(0);
    expect(await operations.redeliverMany(filter, {})).toBe(3);
  });

  it('replays a time at a rate, and stops when it is told to', async () => {
    await start();
    const trigger = await stream({}, 'orders');
    await engine.emit(trigger, 10);
    await receiver.waitFor(10);
    await eventually(async () => (await count('attempt')) === 10);
    const from = new Date();
    await engine.emit(trigger, 40, 11);
    await receiver.waitFor(50);
    await eventually(async () => (await count('attempt')) === 50);
    const stop = new AbortController();
    const progress: number[] = [];

    const redelivered = await operations.redeliverMany(
      { trigger: 'orders', state: 'delivered', from },
      {
        perSecond: 20,
        signal: stop.signal,
        onProgress: (soFar) => {
          progress.push(soFar);
          if (soFar === 40) stop.abort();
        },
      },
    );

    expect([redelivered, progress]).toEqual([40, [20, 40]]);
    await eventually(() => receiver.requests.filter(isRedelivery).length === 40);
    const numbers = receiver.requests.filter(isRedelivery).map(numberOf);
    expect(Math.min(...numbers), 'of the time that was asked for').toBe(11);
  });

  it('cancels an event that waits in the log, and sends those around it', async () => {
    const trigger = await stream();
    await engine.emit(trigger, 1, 100);
    await start();
    const [sample] = await receiver.waitFor(1);
    await engine.database.query(`select ${engine.schema}.pause_delivery_v1($1, 'hand')`, [trigger]);
    await Promise.all(replicas.splice(0).map((replica) => replica.stop()));
    await engine.emit(trigger, 3);
    const [middle] = await engine.database.query<{ id: string; ms: string }>(
      `select id::text, floor(extract(epoch from created_at) * 1000)::bigint % 17179869184 as ms
         from ${engine.schema}.event where new ->> 'n' = '2'`,
    );

    expect(await operations.cancel(withNumber(idOf(sample!), middle!))).toBe('cancelled');
    expect(await operations.cancel(idOf(sample!)), 'what is delivered').toBe('delivered');

    await engine.database.query(`select ${engine.schema}.resume_delivery_v1($1)`, [trigger]);
    await start();
    await receiver.waitFor((request) => numberOf(request) === 3);
    expect(new Set(receiver.requests.map(numberOf))).toEqual(new Set([1, 100, 3]));
  });

  it('closes a batch of which all was cancelled', async () => {
    const trigger = await stream();
    await engine.emit(trigger, 1);
    await engine.database.query(
      `insert into ${engine.schema}.cancellation (trigger_id, event_id, created_at)
       select trigger_id, id, created_at from ${engine.schema}.event`,
    );
    await start();
    await eventually(async () => (await count('batch_done')) === 1);
    expect(receiver.requests).toEqual([]);
  });

  it('cancels a retry and a dead letter', async () => {
    await start();
    const waiting = await stream({
      retry: { ...ONCE, attempts: 2, delay: 60_000, maxDelay: 60_000 },
    });
    receiver.respondWith({ status: 500 });
    await engine.emit(waiting, 1);
    const [request] = await receiver.waitFor(1);
    await eventually(async () => (await count('retry')) === 1);

    expect(await operations.cancel(idOf(request!))).toBe('cancelled');
    expect(await count('retry')).toBe(0);

    await engine.emit(await stream(), 1);
    const [, dead] = await receiver.waitFor(2);
    await eventually(async () => (await count('dead_letter')) === 1);
    expect(await operations.cancel(idOf(dead!))).toBe('cancelled');
    expect(await count('dead_letter')).toBe(0);
  });

  it('lets go of a key that a dead letter held, when that is cancelled', async () => {
    receiver.respondWith((request) => ({ status: numberOf(request) === 1 ? 500 : 200 }));
    await start();
    const ordered = await stream({ ordering: 'row', whenExhausted: 'hold-key' });
    await engine.database.query(
      `insert into ${engine.schema}.event (trigger_id, operation, key, new)
       select $1, 'UPDATE', 'k', json_build_object('n', n) from generate_series(1, 3) n`,
      [ordered],
    );
    const [dead] = await receiver.waitFor(1);
    await eventually(
      async () => (await count('dead_letter')) === 1 && (await count('retry')) === 2,
    );

    expect(await operations.cancel(idOf(dead!))).toBe('cancelled');

    await eventually(() => receiver.requests.length === 3);
    expect(receiver.requests.map(numberOf)).toEqual([1, 2, 3]);
  });

  it('purges what waits, once its count is confirmed, and nothing that comes later', async () => {
    const trigger = await stream({}, 'orders');
    await engine.emit(trigger, 20);

    expect(await operations.purge('orders', null)).toBe(20);
    await engine.emit(trigger, 1, 21);
    await expect(operations.purge('orders', 20)).rejects.toMatchObject({ code: 'ET_MORE_WAIT' });
    expect(await operations.purge('orders', 21)).toBe(21);
    await engine.emit(trigger, 1, 22);
    await start();

    await receiver.waitFor(1);
    expect(receiver.requests.map(numberOf)).toEqual([22]);
    expect(await operations.purge('orders', null), 'what is left').toBe(0);
  });

  it('counts all that is committed, although a dispatcher began to cut the log before', async () => {
    const trigger = await stream({}, 'orders');
    await engine.emit(trigger, 1);
    const dispatcher = await engine.database.client();
    await dispatcher.query('begin');
    await dispatcher.query(`select ${engine.schema}.tick_v1()`);
    await engine.emit(trigger, 19, 2);

    const counted = operations.purge('orders', null);
    await eventually(
      async () => {
        const waiting = await engine.database.query(
          `select from pg_stat_activity where datname = current_database() and wait_event = 'advisory'`,
        );
        return waiting.length === 1;
      },
      { describe: 'the count waits for the dispatcher' },
    );
    await dispatcher.query('commit');

    expect(await counted).toBe(20);
  });
});

/** The id of another event of the same database. */
function withNumber(id: string, { id: number, ms }: { id: string; ms: string }): string {
  const time = Number(ms);
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
  const high = hex(Math.floor(time / 1_024), 6);
  const low = hex(0b10 * 1_024 + (time % 1_024), 3);
  return `${id.slice(0, 10)}${high.slice(0, 3)}-8${high.slice(3)}-${low}${hex(Number(number), 13).slice(0, 1)}-${hex(Number(number), 13).slice(1)}`;
}
