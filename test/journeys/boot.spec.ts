import type { INestApplicationContext } from '@nestjs/common';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startApplication } from '../support/application.js';
import { startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/wait-until.js';

const REPLICAS = 10;
/** Longer than one try to lock the table, so that boot has to come back. */
const HELD_MS = 1_500;

/** As the README says it, for a migration that also runs on a database where nothing is installed yet. */
const whereInstalled = (step: 'detach' | 'attach'): string => `
do $$ begin
  if to_regproc('event_triggers.${step}') is not null then perform event_triggers.${step}('orders'); end if;
end $$`;

class DropListenedColumn1700000000000 implements MigrationInterface {
  readonly name = 'DropListenedColumn1700000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(whereInstalled('detach'));
    await runner.query('alter table orders drop column state');
    await runner.query(whereInstalled('attach'));
  }

  async down(): Promise<void> {}
}

describe('boot', () => {
  let database: TestDatabase;
  let receiver: FakeReceiver;
  const applications: INestApplicationContext[] = [];

  beforeEach(async () => {
    receiver = await startFakeReceiver();
    database = await createTestDatabase();
    await database.query(
      `create table orders (id int generated always as identity primary key, total int, state text)`,
    );
  });

  afterEach(async () => {
    await Promise.all(applications.splice(0).map((application) => application.close()));
    await receiver.close();
    await database.drop();
  });

  const boot = async (trigger: object, more: object = {}) => {
    const application = await startApplication({
      database,
      eventTriggers: {
        triggers: [{ name: 'order_changed', table: 'orders', webhook: receiver.url, ...trigger }],
        ...more,
      },
    });
    applications.push(application);
    return application;
  };

  it('of ten replicas at once on an empty database installs once and delivers once', async () => {
    await Promise.all(Array.from({ length: REPLICAS }, () => boot({ insert: true })));

    await database.query('insert into orders (total) select g from generate_series(1, 200) g');

    await receiver.waitFor(200);
    await eventually(
      async () => {
        const [counts] = await database.query(
          `select count(*)::int as attempts, count(distinct event_id)::int as events from event_triggers.attempt`,
        );
        expect(counts).toEqual({ attempts: 200, events: 200 });
        return true;
      },
      { describe: 'one attempt for each of 200 events' },
    );
    expect(receiver.requests, 'nothing was sent twice').toHaveLength(200);
  });

  it('puts a changed definition in force and takes a removed one off that is to be drained', async () => {
    await boot({ insert: true, whenRemoved: 'drain' }, { dispatcher: false });
    await database.query('insert into orders (total) values (1)');

    await boot({ name: 'order_updated', update: { columns: ['total'] } });

    await database.query('insert into orders (total) values (2)');
    await database.query('update orders set total = 3 where total = 2');
    const requests = await receiver.waitFor(2);
    const names = requests.map(
      ({ body }) => (JSON.parse(body) as { trigger: { name: string } }).trigger.name,
    );
    expect(names.sort(), 'the event of the removed trigger is still delivered').toEqual([
      'order_changed',
      'order_updated',
    ]);
  });

  it('waits for a long transaction on the table without holding up other writers', async () => {
    const holder = await database.client();
    await holder.query('begin');
    await holder.query('lock table orders in row exclusive mode');
    const booting = boot({ insert: true });
    const slowest = await slowestInsertDuring(HELD_MS);
    await holder.query('commit');
    await booting;

    expect(slowest, 'a write waits no longer than one try for the lock').toBeLessThan(2_000);
  });

  const slowestInsertDuring = async (milliseconds: number): Promise<number> => {
    const end = performance.now() + milliseconds;
    let slowest = 0;
    while (performance.now() < end) {
      const start = performance.now();
      await database.query('insert into orders (total) values (0)');
      slowest = Math.max(slowest, performance.now() - start);
    }
    return slowest;
  };

  it('gives up with the pid of who is in the way, and leaves nothing half attached', async () => {
    const holder = await database.client();
    const { rows } = await holder.query<{ pid: number }>('select pg_backend_pid() as pid');
    await holder.query('begin');
    await holder.query('lock table orders in row exclusive mode');

    const failure = boot({ insert: true, update: true }, { attachTimeout: '2s' });

    await expect(failure).rejects.toThrow(new RegExp(`"?orders"?.*pid ${rows[0]?.pid}`, 's'));
    const triggers = await database.query(
      `select from pg_trigger where tgname like '!event_triggers%'`,
    );
    expect(triggers).toHaveLength(0);
    await holder.query('rollback');
  });

  describe('runs a migration that drops a listened column between detach and attach', () => {
    const bootWithMigration = async () => {
      applications.push(
        await startApplication({
          database,
          typeOrm: { migrations: [DropListenedColumn1700000000000], migrationsRun: true },
          eventTriggers: {
            triggers: [
              {
                name: 'order_changed',
                table: 'orders',
                update: { columns: ['total'] },
                webhook: receiver.url,
              },
            ],
          },
        }),
      );
      await database.query('insert into orders (total) values (1)');
      await database.query('update orders set total = 2');
      const [request] = await receiver.waitFor(1);
      return JSON.parse(request!.body) as unknown;
    };
    const update = { event: { op: 'UPDATE', data: { old: { total: 1 }, new: { total: 2 } } } };

    it('on a database where the release before listens to it', async () => {
      await boot({ update: { columns: ['total', 'state'] } }, { dispatcher: false });
      expect(await bootWithMigration()).toMatchObject(update);
    });

    it('on a new database, before anything is installed', async () => {
      expect(await bootWithMigration()).toMatchObject(update);
    });
  });
});
