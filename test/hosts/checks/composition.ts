import { expectEvent, startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { eventually } from '../../support/wait-until.js';
import { compiledApps, type CompiledApps } from '../support/compiled-apps.js';
import type { Host } from '../support/installation.js';
import { startApp, type RunningApp } from '../support/running-app.js';

/** All that only a quoted identifier can hold. */
const AWKWARD_SCHEMA = `Ereignis "Auslöser" d'été; --`;
/** Enough runs of the host's job to tell one each turn from two. */
const RUNS = 4;
/** An attempt is written down a moment after the receiver has it. */
const LISTED_WITHIN_MS = 5_000;

/** How the module goes together with what else is in an application. */
export function describeComposition(host: Host): void {
  let apps: CompiledApps;
  let database: TestDatabase;
  let receiver: FakeReceiver;
  let app: RunningApp | undefined;

  beforeAll(async () => {
    apps = await compiledApps(host, 'ESM');
  });
  beforeEach(async () => {
    receiver = await startFakeReceiver();
    database = await createTestDatabase();
  });
  afterEach(async () => {
    await app?.stop();
    app = undefined;
    await receiver.close();
    await database.drop();
  });

  const start = async (name: string, env: Record<string, string> = {}) => {
    app = await startApp(apps, name, {
      env: { DATABASE_URL: database.url, RECEIVER_URL: receiver.url, ...env },
    });
    return app;
  };
  const createOrders = (of: TestDatabase) =>
    of.query(
      'create table orders (id int generated always as identity primary key, status text not null)',
    );

  describe('forRoot twice', () => {
    it('ends the boot with what is wrong and how to mend it', async () => {
      await expect(start('imported-twice')).rejects.toThrow(
        /ended with code 1.*forRoot is imported twice for one data source.*with forFeature/s,
      );
    });
  });

  describe('two data sources', () => {
    let billing: TestDatabase;
    beforeEach(async () => {
      billing = await createTestDatabase();
    });
    afterEach(async () => {
      await app?.stop();
      app = undefined;
      await billing.drop();
    });

    it('deliver each what is written to its own, one of them from an awkwardly named schema', async () => {
      await createOrders(database);
      await billing.query('create table invoices (id int primary key)');
      const { url } = await start('two-data-sources', {
        BILLING_URL: billing.url,
        BILLING_SCHEMA: AWKWARD_SCHEMA,
      });

      await database.query(`insert into orders (status) values ('open')`);
      await billing.query('insert into invoices values (7)');

      await expectEvent(receiver, { trigger: 'order_changed', new: { status: 'open' } });
      await expectEvent(receiver, { trigger: 'invoice_made', new: { id: 7 } });
      const schemas = await billing.query(
        `select nspname as name from pg_namespace where nspname in ($1, 'event_triggers')`,
        [AWKWARD_SCHEMA],
      );
      expect(schemas, 'schemas of the package in the second database').toEqual([
        { name: AWKWARD_SCHEMA },
      ]);
      const delivered = (trigger: string) => [{ trigger, state: 'delivered' }];
      await vi.waitFor(async () => {
        const events = (await (await fetch(`${url}/events`)).json()) as object;
        expect(events, 'what the service of each of the two lists').toMatchObject({
          shop: delivered('order_changed'),
          billing: delivered('invoice_made'),
        });
      }, LISTED_WITHIN_MS);
      const metrics = await (await fetch(`${url}/metrics`)).text();
      for (const [prefix, trigger] of [
        ['event_triggers', 'order_changed'],
        ['billing', 'invoice_made'],
      ])
        expect(metrics, 'metrics of each of the two').toContain(
          `${prefix}_events_delivered_total{trigger="${trigger}"} 1`,
        );
      expect(await (await fetch(`${url}/health`)).json()).toEqual({
        shop: { status: 'up' },
        billing: { status: 'up' },
      });
    });

    it('are both attached, detached and looked after in a migration and at the next boot', async () => {
      await createOrders(database);
      await billing.query('create table invoices (id int primary key, note text)');
      const env = { BILLING_URL: billing.url, BILLING_SCHEMA: AWKWARD_SCHEMA };
      await (await start('two-data-sources', env)).stop();
      const schema = `"${AWKWARD_SCHEMA.replaceAll('"', '""')}"`;
      await billing.query(
        `begin; select ${schema}.detach('invoices'); alter table invoices drop column note;
         select ${schema}.attach('invoices'); commit`,
      );
      await start('two-data-sources', env);
      await billing.query('insert into invoices values (8)');
      const { event } = await expectEvent(receiver, { trigger: 'invoice_made' });
      expect(event.data.new, 'a row without the dropped column').toEqual({ id: 8 });
    });
  });

  describe('ScheduleModule', () => {
    interface Jobs {
      readonly intervals: string[] | null;
      readonly runs: number;
      /** Milliseconds between the two runs that were closest to each other. */
      readonly closest: number | null;
    }
    const jobsOf = async ({ url }: RunningApp) =>
      (await (await fetch(`${url}/jobs`)).json()) as Jobs;

    it('shows the dispatcher beside the jobs of the host, which run once each', async () => {
      await createOrders(database);
      const running = await start('scheduled', { SCHEDULE: 'on' });
      const jobs = await eventually(
        async () => {
          const now = await jobsOf(running);
          return now.runs >= RUNS && now;
        },
        { describe: `${RUNS} runs of the host's job` },
      );
      expect(jobs.intervals?.toSorted()).toEqual(['count', 'event-triggers:dispatcher']);
      expect(
        jobs.closest,
        'milliseconds between two runs of a job that runs every 200 ms, and at once when doubled',
      ).toBeGreaterThan(100);
    });

    it('is not needed', async () => {
      await createOrders(database);
      const running = await start('scheduled', { SCHEDULE: 'off' });
      await database.query(`insert into orders (status) values ('open')`);
      await expectEvent(receiver, { trigger: 'order_changed', new: { status: 'open' } });
      expect(await jobsOf(running), 'the job of a host without a scheduler').toMatchObject({
        intervals: null,
        runs: 0,
      });
    });
  });

  describe('synchronize: true', () => {
    it('leaves the tables of the package alone, and the package those of the host', async () => {
      await (await start('synchronized')).stop();
      await database.query(`insert into orders (status) values ('written between two boots')`);
      const before = await tables();
      await start('synchronized');

      await expectEvent(receiver, { op: 'INSERT', new: { status: 'written between two boots' } });
      expect(await tables(), 'tables and their columns after the second boot').toEqual(before);
      expect(await database.query('select status from orders')).toHaveLength(1);
    });

    /** Each with its number, which another one of the same name would not have, and its columns. */
    const tables = () =>
      database.query(
        `select c.oid, c.oid::regclass::text as name,
                (select array_agg(a.attname::text order by a.attnum) from pg_attribute a
                  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
           from pg_class c
          where c.relkind in ('r', 'p') and not c.relispartition
            and c.relnamespace in ('public'::regnamespace, 'event_triggers'::regnamespace)
          order by c.oid`,
      );
  });
}
