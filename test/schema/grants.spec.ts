import { Logger, type INestApplicationContext } from '@nestjs/common';
import { EventTriggersService, type EventTriggersOptions } from 'nestjs-event-triggers';
import { drain, startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Database } from '../../lib/database.js';
import { LogKeeper } from '../../lib/pipeline/log-keeper.js';
import { grantStatements } from '../../lib/schema/grants.js';
import { quoteIdentifier } from '../../lib/schema/identifier.js';
import { startApplication } from '../support/application.js';
import { createLeastRole, type LeastRole } from '../support/least-role.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/wait-until.js';

const SCHEMA = 'event_triggers';
const RETENTION = { events: 86_400_000, attempts: 86_400_000, deadLetters: 86_400_000 };

describe('a role that owns nothing', () => {
  let database: TestDatabase;
  let receiver: FakeReceiver;
  let role: LeastRole;
  const applications: INestApplicationContext[] = [];

  beforeEach(async () => {
    receiver = await startFakeReceiver();
    database = await createTestDatabase();
    role = await createLeastRole(database);
    await database.query('create table orders (id int primary key)');
    const owner = await startApplication({ database, eventTriggers: options('apply') });
    await owner.close();
    await database.query(`grant insert on orders to ${role.name}`);
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    for (const application of applications.splice(0)) await application.close();
    await receiver.close();
    await role.drop();
    await database.drop();
  });

  const options = (install: 'apply' | 'verify'): EventTriggersOptions => ({
    install,
    breaker: false,
    retry: { attempts: 2, strategy: 'fixed', delay: '100ms' },
    triggers: [
      { name: 'order_created', table: 'orders', insert: true, manual: true, webhook: receiver.url },
      {
        name: 'order_kept',
        table: 'orders',
        insert: true,
        ordering: 'row',
        webhook: `${receiver.url}/kept`,
      },
    ],
  });

  async function boot(
    more: Pick<EventTriggersOptions, 'dispatcher'> = {},
  ): Promise<EventTriggersService> {
    const application = await startApplication({
      database: { ...database, dataSourceOptions: { type: 'postgres', url: role.url } },
      eventTriggers: Object.assign(options('verify'), more),
    });
    applications.push(application);
    return application.get(EventTriggersService);
  }

  const grant = async (but?: (statement: string) => boolean): Promise<void> => {
    for (const statement of grantStatements(SCHEMA, role.name))
      if (but?.(statement) !== true) await database.query(statement);
  };

  const asRole = async (statement: string): Promise<void> => {
    const least = new Database({ connectionString: role.url });
    try {
      await least.query(statement);
    } finally {
      await least.close();
    }
  };

  it('boots, delivers, retries and gives up with these grants, and looks, pauses and sends again', async () => {
    await grant();
    const warnings = vi.spyOn(Logger.prototype, 'warn');
    const service = await boot();
    receiver.respondWith([...Array.from({ length: 4 }, () => ({ status: 500 })), { status: 200 }]);

    await asRole('insert into orders values (1), (2)');
    await service.invoke('order_created', { by: 'hand' });
    await drain(applications[0]!, { passDelays: true });

    const { events } = await service.listEvents();
    expect(events).toHaveLength(5);
    const dead = events.filter(({ state }) => state === 'dead').length;
    expect(await service.redeliverMany()).toBe(dead);
    await drain(applications[0]!, { passDelays: true });
    await service.redeliver(events[0]!.id);
    await service.redeliverMany({ trigger: 'order_created', state: 'delivered' });
    await drain(applications[0]!, { passDelays: true });
    expect((await service.getEvent(events[0]!.id)).state).toBe('delivered');
    await service.pause('order_created');
    await service.resume('order_created');
    expect(service.health()).toMatchObject({ isHealthy: true });
    expect(warnings.mock.calls.flat().join(), 'of rounds that were skipped').not.toContain(
      'permission denied',
    );
  });

  it('gives up what waits', async () => {
    await grant();
    const service = await boot({ dispatcher: false });
    await service.invoke('order_created', {});
    const [waiting] = (await service.listEvents()).events;

    expect(await service.cancel(waiting!.id)).toBe('cancelled');
    await service.invoke('order_created', {});
    expect(await service.purge('order_created')).toBe(1);
    await service.purge('order_created', { confirm: 1 });
    expect((await service.listTriggers())[0]).toMatchObject({ oldestWaiting: null });
  });

  it('is told all that it lacks before it begins', async () => {
    await expect(boot(), 'without any').rejects.toThrow(
      /lacks privileges:\n  grant usage on schema "event_triggers" to "least_.*grant select, insert on table "event_triggers"\."attempt"/s,
    );

    await grant((statement) => statement.includes('"retry"'));

    await expect(boot(), 'but for one table').rejects.toThrow(
      new RegExp(
        `lacks privileges:\n  grant select, insert, update, delete on table "event_triggers"."retry" to "${role.name}";\n  Fix`,
      ),
    );
  });

  it('is told of functions that are not everybody’s any more', async () => {
    await grant();
    await database.query('revoke execute on function event_triggers.fresh_tick_v1() from public');

    await expect(boot()).rejects.toThrow(
      'grant execute on function "event_triggers".fresh_tick_v1() to',
    );
  });

  it('takes over from one that died', async () => {
    await grant();
    await database.query(
      `insert into event_triggers.dispatcher (id, application, lease_until) values (gen_random_uuid(), 'test', '-infinity')`,
    );
    await boot();

    const buried = await eventually(
      async () => {
        const rows = await database.query(
          `select from event_triggers.dispatcher where lease_until < clock_timestamp()`,
        );
        return rows.length === 0;
      },
      { describe: 'the dead one to be buried' },
    );
    expect(buried).toBe(true);
  });

  it('leaves partitions to their owner, and asks for it where that is neglected', async () => {
    await grant();
    const least = new Database({ connectionString: role.url });
    const keeper = new LogKeeper(least, quoteIdentifier(SCHEMA), RETENTION);

    expect(await keeper.keep()).toEqual([]);
    await database.query(
      `insert into event_triggers.event (trigger_id, operation, created_at) values (1, 'MANUAL', '2020-01-01')`,
    );

    await expect(keeper.keep()).rejects.toMatchObject({
      code: 'ET_NOT_PERMITTED',
      message: expect.stringContaining('event-triggers prune'),
    });
    await least.close();
  });
});
