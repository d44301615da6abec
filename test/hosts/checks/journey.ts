import {
  expectEvent,
  startFakeReceiver,
  type FakeReceiver,
  type ReceivedRequest,
} from 'nestjs-event-triggers/testing';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Operation } from '../../../lib/pipeline/event.js';
import { payloadIn } from '../../support/payload.js';
import type { TestDatabase } from '../../support/test-database.js';
import { eventually } from '../../support/wait-until.js';
import { eventTriggers } from '../support/command-line.js';
import { compiledApps, type CompiledApps, type ModuleKind } from '../support/compiled-apps.js';
import type { Host } from '../support/installation.js';
import { startApp, type RunningApp } from '../support/running-app.js';

/** What a shop needs of a database; it is dropped at the end. */
export type ShopDatabase = Pick<TestDatabase, 'url' | 'query' | 'drop'>;

export interface JourneyOptions {
  readonly host: Host;
  readonly kind?: ModuleKind;
  /** Where writers are. */
  readonly database: () => Promise<ShopDatabase>;
  /** Variables of the application. Default: its `DATABASE_URL` is that of the writers. */
  readonly env?: () => Readonly<Record<string, string>>;
  readonly node?: () => Promise<string>;
}

/** The logs are looked after a moment after the start. */
const LOOKED_AFTER_WITHIN_MS = 10_000;

/** What a scrape reads of the log may be a second old. */
const SEEN_WITHIN_MS = 5_000;

interface Row {
  readonly id: number;
  readonly status: string;
}

/** What there is while a journey is under way. */
export interface Journey {
  readonly apps: CompiledApps;
  readonly app: RunningApp;
  readonly database: ShopDatabase;
  readonly receiver: FakeReceiver;
  readonly insert: (status: string) => Promise<number>;
  /** The requests about one row, in the order in which they came. */
  readonly requestsOf: (id: number) => ReceivedRequest[];
  /** Calls the admin API. */
  readonly admin: <Answer>(method: string, route: string, body?: object) => Promise<Answer>;
}

/** Starts the shop before the tests of a `describe`, and ends it after them. */
export function useShop(options: JourneyOptions): () => Journey {
  let journey: Journey | undefined;
  let database: ShopDatabase | undefined;
  let receiver: FakeReceiver | undefined;

  beforeAll(async () => {
    const apps = await compiledApps(options.host, options.kind ?? 'ESM');
    database = await options.database();
    receiver = await startFakeReceiver();
    await database.query(
      'create table orders (id int generated always as identity primary key, status text not null)',
    );
    const app = await startApp(apps, 'shop', {
      env: { DATABASE_URL: database.url, RECEIVER_URL: receiver.url, ...options.env?.() },
      node: await options.node?.(),
    });
    journey = journeyOf(apps, app, database, receiver);
  });
  afterAll(async () => {
    await journey?.app.stop();
    await receiver?.close();
    await database?.drop();
  });

  return () => journey!;
}

function journeyOf(
  apps: CompiledApps,
  app: RunningApp,
  database: ShopDatabase,
  receiver: FakeReceiver,
): Journey {
  return {
    apps,
    app,
    database,
    receiver,
    async insert(status) {
      const [row] = await database.query<Row>(
        'insert into orders (status) values ($1) returning id',
        [status],
      );
      return row!.id;
    },
    requestsOf: (id) =>
      receiver.requests.filter((request) => {
        const { data } = payloadIn<Row>(request).event;
        return (data.new ?? data.old)?.id === id;
      }),
    async admin<Answer>(method: string, route: string, body?: object) {
      const answer = await fetch(`${app.url}/admin/api/${route}`, {
        method,
        headers: {
          'x-requested-with': 'test',
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      expect(answer.status, `${method} ${route} answered ${text}`).toBeLessThan(300);
      // A redelivery answers with a line of JSON for each part.
      return JSON.parse(text.trim().split('\n').at(-1)!) as Answer;
    },
  };
}

/** The life of some events, from the change to the end of each. */
export function itGoesTheWholeWay(journey: () => Journey): void {
  it('tells of an insert, an update, a delete and a truncate', async () => {
    const { database, receiver, insert } = journey();
    const id = await insert('open');
    await database.query(`update orders set status = 'paid' where id = $1`, [id]);
    await database.query('delete from orders where id = $1', [id]);
    await database.query('truncate orders');

    const dataOf = async (op: Operation, row: 'new' | 'old' | null) => {
      const { event, table } = await expectEvent(receiver, { op, ...(row && { [row]: { id } }) });
      return { ...event.data, table };
    };
    const table = { schema: 'public', name: 'orders' };
    const [open, paid] = [
      { id, status: 'open' },
      { id, status: 'paid' },
    ];
    expect(await dataOf('INSERT', 'new')).toEqual({ old: null, new: open, table });
    expect(await dataOf('UPDATE', 'new')).toEqual({ old: open, new: paid, table });
    expect(await dataOf('DELETE', 'old')).toEqual({ old: paid, new: null, table });
    expect(await dataOf('TRUNCATE', null)).toEqual({ old: null, new: null, table });
  });

  it('tries again what the receiver did not take', async () => {
    const { receiver, insert, requestsOf } = journey();
    receiver.respondWith([{ status: 503 }, { status: 200 }]);
    const id = await insert('tried twice');
    const [first, second] = await eventually(() => requestsOf(id).length >= 2 && requestsOf(id), {
      describe: 'a second attempt at an event that was answered by 503',
    });
    expect(second!.headers['webhook-id'], 'the id of the first attempt').toBe(
      first!.headers['webhook-id'],
    );
    expect(second!.headers['event-triggers-attempt']).toBe('2');
  });

  it('keeps what is given up as a dead letter, and sends it again when asked', async () => {
    const { receiver, insert, requestsOf, admin } = journey();
    receiver.respondWith({ status: 500 });
    const id = await insert('dead');
    const stateOf = async (event: string) =>
      (await admin<{ state: string }>('GET', `events/${event}`)).state;
    const event = await eventually(
      () => requestsOf(id).length >= 2 && (requestsOf(id)[0]!.headers['webhook-id'] as string),
      { describe: 'the two attempts that an event has here' },
    );
    await eventually(async () => (await stateOf(event)) === 'dead', {
      describe: 'an event without attempts left to be a dead letter',
    });

    receiver.respondWith({ status: 200 });
    const sent = await admin('POST', 'redeliveries', { trigger: 'order_changed' });
    expect(sent, 'how many dead letters were sent again').toMatchObject({ redelivered: 1 });
    await eventually(async () => (await stateOf(event)) === 'delivered', {
      describe: 'a dead letter that was sent again to be delivered',
    });
  });

  it('delivers the changes of one row in order, behind a failure too', async () => {
    const { database, receiver, insert, requestsOf } = journey();
    const changes = Array.from({ length: 10 }, (_, index) => `step ${index}`);
    receiver.respondWith([{ status: 503 }, { status: 200 }]);
    const id = await insert('begun');
    for (const status of changes)
      await database.query('update orders set status = $2 where id = $1', [id, status]);

    await eventually(() => requestsOf(id).length >= changes.length + 2, {
      describe: `${changes.length} changes of a row behind the two attempts at its first`,
    });
    const arrived = requestsOf(id).map((request) => payloadIn<Row>(request).event.data.new?.status);
    expect(arrived).toEqual(['begun', 'begun', ...changes]);
  });

  it('makes the partitions of its logs ahead', async () => {
    const { database } = journey();
    const daysAhead = async (): Promise<number> => {
      const [row] = await database.query<{ days: number }>(
        `select count(*)::int as days
           from pg_catalog.pg_inherits i
           join pg_catalog.pg_class c on c.oid = i.inhrelid
          where i.inhparent = 'event_triggers.event'::regclass
            and pg_catalog.pg_get_expr(c.relpartbound, c.oid) <> 'DEFAULT'`,
      );
      return row!.days;
    };
    await vi.waitFor(
      async () =>
        expect(await daysAhead(), 'partitions of the event log').toBeGreaterThanOrEqual(2),
      LOOKED_AFTER_WITHIN_MS,
    );
  });

  it('counts its attempts in metrics, and is healthy for terminus', async () => {
    const { app, receiver, insert, requestsOf } = journey();
    receiver.respondWith({ status: 200 });
    const id = await insert('counted');
    await eventually(() => requestsOf(id).length > 0, { describe: 'an event that is counted' });
    const counted = /^event_triggers_attempts_total\{trigger="order_changed",status="2xx"\} [1-9]/m;
    await vi.waitFor(async () => {
      const metrics = await (await fetch(`${app.url}/metrics`)).text();
      expect(metrics, 'the attempts that got through').toMatch(counted);
      expect(metrics, 'what is read from the log').toMatch(
        /^event_triggers_backlog_events\{trigger="order_changed"\} 0$/m,
      );
    }, SEEN_WITHIN_MS);
    const health = await fetch(`${app.url}/health`);
    expect(await health.json()).toMatchObject({
      status: 'ok',
      info: { 'event-triggers': { status: 'up' } },
    });
  });

  it('is well in the eyes of `event-triggers doctor`', async () => {
    const { apps, database } = journey();
    const { code, stdout, stderr } = await eventTriggers(apps.host, [
      'doctor',
      '--json',
      '--application',
      'shop',
      '--url',
      database.url,
    ]);
    const { findings } = JSON.parse(stdout) as { findings: { severity: string }[] };
    expect(
      findings.filter(({ severity }) => severity !== 'ok'),
      `what doctor finds wrong; on stderr: ${stderr}`,
    ).toEqual([]);
    expect(code).toBe(0);
  });
}
