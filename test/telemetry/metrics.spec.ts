import { Injectable, type INestApplicationContext } from '@nestjs/common';
import { EventRejectedError, EventTriggersService, OnEventTrigger } from 'nestjs-event-triggers';
import { EventTriggersMetricsModule } from 'nestjs-event-triggers/metrics';
import { startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startApplication, type ApplicationOptions } from '../support/application.js';
import { startSilentProxy } from '../support/silent-proxy.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/wait-until.js';
import { readMetrics, type ReadMetrics } from './read-metrics.js';

const ORDERS = { table: 'orders', insert: true } as const;
/** The connection that listens. */
const LISTENING = `
  select pid
    from pg_stat_activity
   where datname = current_database()
     and query like 'listen %'`;

@Injectable()
class OrderHandlers {
  @OnEventTrigger('order_handled')
  handle(): void {}

  @OnEventTrigger('order_unhandled')
  fail(): void {
    throw new EventRejectedError('never');
  }
}

describe('the metrics of an application', () => {
  let database: TestDatabase;
  let receiver: FakeReceiver;
  let application: INestApplicationContext | undefined;
  let registry: Registry;

  beforeEach(async () => {
    registry = new Registry();
    database = await createTestDatabase();
    await database.query('create table orders (id int primary key)');
    receiver = await startFakeReceiver();
  });

  afterEach(async () => {
    await application?.close();
    application = undefined;
    await receiver.close();
    await database.drop();
  });

  const start = async (eventTriggers: ApplicationOptions['eventTriggers']): Promise<void> => {
    application = await startApplication({
      database,
      eventTriggers,
      imports: [EventTriggersMetricsModule.forRoot({ registry })],
    });
  };

  const metricsOnce = (
    describe: string,
    holds: (metrics: ReadMetrics) => boolean,
  ): Promise<ReadMetrics> =>
    eventually(
      async () => {
        const metrics = await readMetrics(registry);
        return holds(metrics) && metrics;
      },
      { describe, timeoutMs: 20_000 },
    );

  it('count what became of events, by trigger and by the class of the answer', async () => {
    receiver.respondWith([{ status: 503 }, { status: 200 }]);
    await start({
      triggers: [
        { ...ORDERS, name: 'order_created', webhook: receiver.url },
        { ...ORDERS, name: 'order_lost', webhook: 'http://127.0.0.1:1/', retry: { attempts: 1 } },
      ],
    });

    await database.query('insert into orders values (1)');
    const metrics = await metricsOnce(
      'one event delivered at its second attempt, one dead',
      (read) =>
        read.value('events_delivered_total', { trigger: 'order_created' }) === 1 &&
        read.value('events_dead_total', { trigger: 'order_lost' }) === 1,
    );

    const created = { trigger: 'order_created' };
    expect(metrics.value('events_claimed_total', created)).toBe(1);
    expect(metrics.value('events_retried_total', created)).toBe(1);
    expect(metrics.value('events_dead_total', created)).toBe(0);
    expect(metrics.value('attempts_total', { ...created, status: '5xx' })).toBe(1);
    expect(metrics.value('attempts_total', { ...created, status: '2xx' })).toBe(1);
    expect(metrics.value('attempts_total', { trigger: 'order_lost', status: 'none' })).toBe(1);
    expect(metrics.value('delivery_duration_seconds_count', created), 'an attempt each').toBe(2);
    expect(metrics.value('queue_time_seconds_count', created), 'the first attempt only').toBe(1);
    expect(metrics.value('queue_time_seconds_sum', created)).toBeLessThan(5);
    expect(metrics.value('events_captured_total'), 'of both triggers').toBe(2);
    await metricsOnce(
      'the attempts to be written down',
      (read) => (read.value('flushes_total') ?? 0) > 0,
    );
    expect(metrics.value('claims_total')).toBe(metrics.value('claim_duration_seconds_count'));
  });

  it('tell what waits in the database, and what is paused', async () => {
    receiver.respondWith({ status: 500 });
    const eventTriggers: ApplicationOptions['eventTriggers'] = {
      retry: { attempts: 2, strategy: 'fixed', delay: '1h', jitter: false },
      triggers: [
        { ...ORDERS, name: 'order_retried', webhook: receiver.url },
        { ...ORDERS, name: 'order_dead', webhook: receiver.url, retry: { attempts: 1 } },
        { ...ORDERS, name: 'order_paused', webhook: receiver.url },
        { ...ORDERS, name: 'order_behind', webhook: receiver.url, delete: true, ordering: 'row' },
      ],
    };
    await start(eventTriggers);
    await application!.get(EventTriggersService).pause('order_paused');
    // A dispatcher that starts knows of the pause before it claims.
    await application!.close();
    await start(eventTriggers);

    await database.query('insert into orders select generate_series(1, 3)');
    await database.query('delete from orders where id = 1');
    const metrics = await metricsOnce(
      'three retries, three dead letters, three events that nobody claims, one behind another',
      (read) =>
        read.value('events_parked', { trigger: 'order_behind' }) === 1 &&
        read.value('retries_waiting', { trigger: 'order_retried' }) === 3 &&
        read.value('dead_letters', { trigger: 'order_dead' }) === 3 &&
        read.value('backlog_events', { trigger: 'order_paused' }) === 3,
    );

    expect(metrics.value('backlog_events', { trigger: 'order_dead' }), 'all claimed').toBe(0);
    expect(metrics.value('backlog_oldest_age_seconds', { trigger: 'order_dead' })).toBe(0);
    expect(
      metrics.value('backlog_oldest_age_seconds', { trigger: 'order_paused' }),
    ).toBeGreaterThan(0);
    expect(metrics.value('delivery_paused', { trigger: 'order_paused' })).toBe(1);
    expect(metrics.value('delivery_paused', { trigger: 'order_dead' })).toBe(0);
    expect(metrics.value('capture_paused', { trigger: 'order_paused' })).toBe(0);
    expect(metrics.value('problems')).toBe(0);
  });

  it('tell how many attempts are under way, and how many events wait for them', async () => {
    receiver.respondWith({ hang: true });
    await start({
      triggers: [{ ...ORDERS, name: 'order_created', webhook: receiver.url, concurrency: 2 }],
      dispatcher: { drainSeconds: 1 },
    });

    await database.query('insert into orders select generate_series(1, 5)');
    const metrics = await metricsOnce(
      'two attempts under way and three events behind them',
      (read) =>
        read.value('attempts_in_flight', { trigger: 'order_created' }) === 2 &&
        read.value('events_in_hand') === 3,
    );
    expect(metrics.value('dispatcher_lag_seconds'), 'the loop is in time').toBeLessThan(2);
  });

  it('tell handlers from answers, what is kept back from what is delivered, and who is woken', async () => {
    receiver.respondWith({ status: 429, headers: { 'retry-after': '60' } });
    application = await startApplication({
      database,
      imports: [
        EventTriggersMetricsModule.forRoot({ registry }),
        { module: class Handlers {}, providers: [OrderHandlers] },
      ],
      eventTriggers: {
        triggers: [
          { ...ORDERS, name: 'order_busy', webhook: receiver.url },
          { ...ORDERS, name: 'order_skipped', webhook: receiver.url, transform: () => 'skip' },
          { ...ORDERS, name: 'order_handled' },
          { ...ORDERS, name: 'order_unhandled', retry: { attempts: 1 } },
        ],
      },
    });

    await database.query('insert into orders values (1)');
    const attempts = (trigger: string, status: string) => (read: ReadMetrics) =>
      read.value('attempts_total', { trigger, status });
    const metrics = await metricsOnce('an attempt at each, and a listener', (read) =>
      [
        attempts('order_busy', '4xx'),
        attempts('order_skipped', 'skipped'),
        attempts('order_handled', 'handled'),
        attempts('order_unhandled', 'unhandled'),
        (one: ReadMetrics) => one.value('dispatcher_listening'),
      ].every((value) => value(read) === 1),
    );
    expect(metrics.value('delivery_kept_back', { trigger: 'order_busy' }), 'for a minute').toBe(1);
    expect(metrics.value('delivery_kept_back', { trigger: 'order_handled' })).toBe(0);
    expect(metrics.value('claims_failed_total')).toBe(0);
  });

  it('lose the series of a name that no trigger has any more', async () => {
    await start({ triggers: [] });
    const service = application!.get(EventTriggersService);
    const trigger = 'order_created';
    await service.createTrigger({ ...ORDERS, name: trigger, webhook: receiver.url });
    await database.query('insert into orders values (1)');
    await metricsOnce(
      'the event',
      (read) => read.value('events_delivered_total', { trigger }) === 1,
    );
    await service.updateTrigger(trigger, { name: 'order_made' });
    const metrics = await metricsOnce(
      'no series of it',
      (read) => read.series(`trigger="${trigger}"`).length === 0,
    );
    expect(
      metrics.value('events_delivered_total', { trigger: 'order_made' }),
      'with its new name',
    ).toBe(0);
  });

  it('count leases that are lost, and connections that work again', async () => {
    await start({
      triggers: [{ ...ORDERS, name: 'order_created', webhook: receiver.url }],
      dispatcher: { leaseSeconds: 3 },
    });
    await database.query('delete from event_triggers.dispatcher');
    const before = await metricsOnce(
      'a lease that was lost',
      (read) => read.value('leases_lost_total') === 1,
    );
    expect(before.value('reconnects_total'), 'no connection has failed').toBe(0);
    // Names of connections are the host's, so it is known by what it did last.
    await eventually(async () => (await database.query(LISTENING)).length === 1, {
      describe: 'the dispatcher to listen',
    });

    await database.query(`select pg_terminate_backend(l.pid) from (${LISTENING}) l`);
    const after = await metricsOnce(
      'a connection that works again',
      (read) => read.value('reconnects_total') === 1,
    );
    expect(after.value('leases_lost_total'), 'the lease is of another connection').toBe(1);
  });

  it('count what is taken over from a dispatcher that is gone', async () => {
    receiver.respondWith({ hang: true });
    const proxy = await startSilentProxy(database.url);
    const eventTriggers: ApplicationOptions['eventTriggers'] = {
      triggers: [{ ...ORDERS, name: 'order_created', webhook: receiver.url }],
      dispatcher: { leaseSeconds: 3, drainSeconds: 0 },
    };
    const typeOrm = { url: proxy.url };
    const gone = await startApplication({ database, typeOrm, eventTriggers });
    try {
      await database.query('insert into orders values (1)');
      await receiver.waitFor(1);
      await proxy.close();
      await start(eventTriggers);
      const metrics = await metricsOnce(
        'the batch that was taken over',
        (read) => read.value('batches_taken_over_total') === 1,
      );
      expect(
        metrics.value('events_claimed_total', { trigger: 'order_created' }),
        'claimed by the one that is gone',
      ).toBe(0);
    } finally {
      await gone.close();
    }
  });

  it('tell of the replica where the database does not answer, and how late it is', async () => {
    const proxy = await startSilentProxy(database.url);
    try {
      application = await startApplication({
        database,
        typeOrm: { url: proxy.url },
        eventTriggers: {
          triggers: [{ ...ORDERS, name: 'order_created', webhook: receiver.url }],
        },
        imports: [EventTriggersMetricsModule.forRoot({ registry })],
      });
      await metricsOnce('the log to be read', (read) => read.value('events_captured_total') === 0);
      await proxy.close();
      const metrics = await metricsOnce(
        'the loop to be late, and the log to be left out',
        (read) =>
          (read.value('dispatcher_lag_seconds') ?? 0) > 1 &&
          read.value('events_captured_total') === undefined &&
          (read.value('claims_failed_total') ?? 0) > 0,
      );
      expect(metrics.value('backlog_events', { trigger: 'order_created' })).toBeUndefined();
      expect(metrics.value('events_delivered_total', { trigger: 'order_created' })).toBe(0);
    } finally {
      await proxy.close();
    }
  });

  it('leave the registry with the application, for one that is made again', async () => {
    const triggers = [{ ...ORDERS, name: 'order_created', webhook: receiver.url }];
    await start({ triggers });
    await application!.close();
    expect(registry.getMetricsAsArray(), 'what is left in the registry').toEqual([]);
    await start({ triggers });
    expect((await readMetrics(registry)).value('problems')).toBe(0);
  });

  it('are refused beside those of the same names', async () => {
    await start({ triggers: [] });
    await expect(
      startApplication({
        database,
        eventTriggers: { schema: 'other' },
        imports: [EventTriggersMetricsModule.forRoot({ registry })],
      }),
    ).rejects.toThrow('The registry has a metric "event_triggers_events_claimed_total" already');
  });

  it('are refused where there is nothing to measure', async () => {
    await expect(
      startApplication({
        database,
        imports: [EventTriggersMetricsModule.forRoot({ registry, dataSource: 'billing' })],
      }),
    ).rejects.toThrow('EventTriggersMetricsModule found no event triggers of "billing"');
  });
});
