import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Database } from '../../lib/database.js';
import { startFakeReceiver } from 'nestjs-event-triggers/testing';
import { startSilentProxy } from '../support/silent-proxy.js';
import { eventually } from '../support/wait-until.js';
import { engineIn } from './support/engine.js';
import { startReplica } from './support/replica.js';
import { Shop } from './wake-up/shop.js';

/** Less than the time after which a sleeping dispatcher looks by itself. */
const WELL_BEFORE_THE_BACKSTOP_MS = 1_000;
const WATCHED_MS = 6_000;
const ASLEEP_AND_WATCHED_TWICE_MS = 60_000;

/** As behind a pooler that gives each statement another session: nobody hears what it listens for. */
class DeafClient extends pg.Client {
  override on(...[event, listener]: Parameters<pg.Client['on']>): this {
    return event === 'notification' ? this : super.on(event as 'end', listener as () => void);
  }
}

/** As behind a pooler that happens to give it the session again that listens: it hears itself, and nobody else. */
class HalfDeafClient extends pg.Client {
  override on(...[event, listener]: Parameters<pg.Client['on']>): this {
    if (event !== 'notification') return super.on(event as 'end', listener as () => void);
    return super.on('notification', (notification) => {
      const { processID } = this as unknown as { processID: number };
      if (notification.processId === processID)
        (listener as (one: pg.Notification) => void)(notification);
    });
  }
}

/** Counts what a dispatcher asks its database. */
function counted(database: Database): { database: Database; calls: () => number } {
  let calls = 0;
  const count = <Call extends (...parameters: never[]) => unknown>(call: Call): Call =>
    ((...parameters: never[]) => {
      calls += 1;
      return call.apply(database, parameters);
    }) as Call;
  const counting = Object.assign(Object.create(database) as Database, {
    run: count(database.run.bind(database)),
    query: count(database.query.bind(database)),
  });
  return { database: counting, calls: () => calls };
}

/** Resolves when a dispatcher sleeps. Whoever writes on this server, for another test too, may keep it from that. */
async function fewCalls(calls: () => number): Promise<void> {
  const fewInASecond = async (): Promise<boolean> => {
    const before = calls();
    await pause(1_000);
    return calls() - before <= 2;
  };
  await eventually(fewInASecond, { describe: 'the dispatcher to sleep', timeoutMs: 20_000 });
}

describe('a dispatcher that listens', () => {
  it('is woken by the first change after a silence, and sends it at once', async () => {
    const shop = await Shop.open();
    await shop.start();
    const delays: number[] = [];
    for (let round = 1; round <= 2; round += 1) {
      await shop.asleep();
      const before = Date.now();
      await shop.order();
      await shop.receiver.waitFor(round, WELL_BEFORE_THE_BACKSTOP_MS);
      delays.push(shop.receiver.requests.at(-1)!.at.getTime() - before);
    }
    expect(Math.min(...delays), 'milliseconds from the insert to the request').toBeLessThan(100);
  });

  it('finds what was written while it was awake and committed when it slept', async () => {
    const delays = await Promise.all(
      [1_500, 2_500, 3_500, 4_500, 6_000].map(async (open) => {
        const shop = await Shop.open();
        await shop.start();
        await shop.order();
        await shop.receiver.waitFor(1);
        const writer = await shop.database.client();
        await writer.query('begin; insert into orders default values');
        await pause(open);
        const before = Date.now();
        await writer.query('commit');
        await shop.receiver.waitFor(2, 10_000);
        return shop.receiver.requests.at(-1)!.at.getTime() - before;
      }),
    );
    for (const delay of delays)
      expect(delay, 'milliseconds from the commit to the request').toBeLessThan(
        WELL_BEFORE_THE_BACKSTOP_MS,
      );
  });

  it.each([
    ['less than once a second, heartbeat included', true, 1],
    ['four times a second at most where it cannot listen', false, 4],
  ])(
    'asks its database %s in silence',
    async (_, listen, most) => {
      const shop = await Shop.open();
      const { database, calls } = counted(shop.connect());
      await shop.start({ connections: database, listen, leaseSeconds: 15 });
      await (listen ? fewCalls(calls) : pause(5_000));
      const rate = async (): Promise<number> => {
        const before = calls();
        await pause(WATCHED_MS);
        return (calls() - before) / (WATCHED_MS / 1_000);
      };
      const rates = [await rate()];
      if (rates[0]! > most) {
        // The round that keeps the logs may come at any time, and once a minute; it may not be over yet.
        if (listen) await fewCalls(calls);
        rates.push(await rate());
      }
      expect(Math.min(...rates), `queries a second, ${rates.join(' and ')}`).toBeLessThanOrEqual(
        most,
      );
    },
    ASLEEP_AND_WATCHED_TWICE_MS,
  );

  it('sleeps beside a long transaction that has captured nothing, and hears when it does', async () => {
    const shop = await Shop.open();
    await shop.database.query('create table imports (id integer)');
    const writer = await shop.database.client();
    await writer.query('begin; insert into imports values (1)');
    const { database, calls } = counted(shop.connect());
    await shop.start({ connections: database });
    await fewCalls(calls);

    await writer.query('insert into orders default values');
    await writer.query('commit');

    expect(await shop.receiver.waitFor(1, WELL_BEFORE_THE_BACKSTOP_MS)).toHaveLength(1);
  });

  it('wakes for a retry that is due', async () => {
    const shop = await Shop.open();
    shop.receiver.respondWith((_, index) => ({ status: index === 0 ? 500 : 200 }));
    await shop.start();
    await shop.order();

    const [first, second] = await shop.receiver.waitFor(2, 15_000);

    const late = second!.at.getTime() - first!.at.getTime() - 6_000;
    expect(late, 'milliseconds after it was due').toBeLessThan(WELL_BEFORE_THE_BACKSTOP_MS);
  });

  it('learns of another definition at once', async () => {
    const shop = await Shop.open();
    await shop.start();
    await shop.asleep();
    const other = await startFakeReceiver();
    onTestFinished(() => other.close());

    await shop.define({ webhook: other.url });
    await pause(300);
    await shop.order();

    await other.waitFor(1, WELL_BEFORE_THE_BACKSTOP_MS);
    expect(shop.receiver.requests, 'requests by the old one').toEqual([]);
  });

  it('polls while its connection is gone, and listens again', async () => {
    const shop = await Shop.open();
    const replica = await shop.start();
    await shop.asleep();
    await shop.database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and query ilike 'listen%'`,
    );
    await eventually(() => replica.messages.some((line) => line.includes('and polls')));
    await shop.order();
    const requests = await shop.receiver.waitFor(1, WELL_BEFORE_THE_BACKSTOP_MS);
    expect(requests).toHaveLength(1);
    await eventually(() =>
      replica.messages.some((line) => line.includes('by notifications again')),
    );
  });

  it.each([
    ['notifications do not come through', DeafClient],
    ['it hears nobody but itself', HalfDeafClient],
  ])('polls where %s', async (_, Client) => {
    const shop = await Shop.open();
    const replica = await shop.start({ listenThrough: () => new Client(shop.database.url) });
    await eventually(() => replica.messages.some((line) => line.includes('dispatcher.listenUrl')));
    await shop.order();
    const requests = await shop.receiver.waitFor(1, WELL_BEFORE_THE_BACKSTOP_MS);
    expect(requests).toHaveLength(1);
  });

  it('is told when another one is awake, which writers count on although its triggers are others', async () => {
    const shop = await Shop.open();
    await shop.start();
    await shop.asleep();
    // It is awake on and on, without a notification by anybody.
    await shop.start({ application: 'another' });
    await eventually(async () => !(await shop.gateIsOpen()), { describe: 'the other to be awake' });
    await pause(100);
    const before = Date.now();

    await shop.order();

    await shop.receiver.waitFor(1, 10_000);
    const [request] = shop.receiver.requests;
    expect(
      request!.at.getTime() - before,
      'milliseconds from the insert to the request',
    ).toBeLessThan(WELL_BEFORE_THE_BACKSTOP_MS);
  });

  it('is not notified by each write where it may not deliver', async () => {
    const shop = await Shop.open();
    await shop.start();
    await shop.database.query(
      `update event_triggers.event_trigger set delivery_paused_at = clock_timestamp(), revision = revision + 1`,
    );
    await shop.asleep();
    const ears = await shop.database.client();
    let heard = 0;
    ears.on('notification', ({ payload }) => (heard += payload === '' ? 1 : 0));
    await ears.query('listen event_triggers');

    for (let write = 0; write < 60; write += 1) {
      await shop.order();
      await pause(20);
    }

    expect(heard, 'notifications of 60 writes').toBeLessThanOrEqual(10);
  });

  it('does not ask on and on for a retry that is due and another one has to send', async () => {
    const shop = await Shop.open();
    const { database, calls } = counted(shop.connect());
    await shop.start({ connections: database });
    await shop.database.query(
      `insert into event_triggers.retry (trigger_id, event_id, operation, created_at, due, attempts)
       select id, 1, 'INSERT', clock_timestamp(), clock_timestamp() + interval '5 seconds', 1
         from event_triggers.event_trigger`,
    );
    const other = await shop.database.client();
    await other.query('begin; select from event_triggers.retry for update');
    await shop.asleep();
    await pause(3_000);
    const before = calls();
    await pause(2_000);
    expect((calls() - before) / 2, 'queries a second').toBeLessThan(60);
    await other.query('commit');
  });

  it('stops although its connection has fallen silent', async () => {
    const shop = await Shop.open();
    const proxy = await startSilentProxy(shop.database.url);
    onTestFinished(() => proxy.close());
    const replica = await startReplica(engineIn(shop.database), {
      listen: true,
      connections: shop.connect(),
      listenThrough: () => new pg.Client(proxy.url),
    });
    await shop.asleep();
    proxy.silence();
    const before = performance.now();
    await replica.stop();
    expect(performance.now() - before, 'milliseconds until it had stopped').toBeLessThan(5_000);
  });

  it('leaves nobody behind who is notified when it stops', async () => {
    const shop = await Shop.open();
    await shop.start();
    await shop.asleep();
    await Promise.all(shop.replicas.splice(0).map((replica) => replica.stop()));
    expect(await shop.gateIsOpen(), 'whether writers notify').toBe(false);
  });
});
