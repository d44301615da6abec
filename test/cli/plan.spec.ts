import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { EventTriggersService } from 'nestjs-event-triggers';
import { MIGRATIONS } from '../../lib/schema/migrations.js';
import { startApplication } from '../support/application.js';
import { createLeastRole, type LeastRole } from '../support/least-role.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { buildLibrary } from '../support/built-library.js';
import { eventTriggers, type Outcome } from './support/command-line.js';

const APP = 'test/cli/support/shop.module.mjs';

interface Summary {
  readonly migrations: unknown[];
  readonly changes: { kind: string; trigger: string; statements: string[] }[];
  readonly grants: string[];
  readonly sql: string;
}

describe('a deployment in which the application may make nothing', () => {
  let database: TestDatabase;
  let receiver: FakeReceiver;
  let role: LeastRole;

  beforeAll(buildLibrary);
  beforeEach(async () => {
    database = await createTestDatabase();
    receiver = await startFakeReceiver();
    role = await createLeastRole(database);
    await database.query('create table orders (id int primary key, email text)');
    await database.query(`grant insert, update on orders to ${role.name}`);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await role.drop();
    await receiver.close();
    await database.drop();
  });

  const run = (...parameters: string[]): Promise<Outcome> =>
    eventTriggers(parameters, { env: { DATABASE_URL: database.url, SHOP_URL: receiver.url } });

  const plan = async (...parameters: string[]): Promise<Summary> => {
    const { code, stdout, stderr } = await run('plan', '--app', APP, '--json', ...parameters);
    expect(code, `told: ${stderr}`).toBe(0);
    return JSON.parse(stdout) as Summary;
  };

  /** As that role, and with the same definitions as the module that was planned for. */
  async function deliver(): Promise<void> {
    const application = await startApplication({
      database: { ...database, dataSourceOptions: { type: 'postgres', url: role.url } },
      eventTriggers: { install: 'off' },
    });
    try {
      await database.query(`insert into orders values (1, 'ada@example.com')`);
      await database.query(`update orders set email = 'grace@example.com'`);
      await receiver.waitFor(2);
      expect(await application.get(EventTriggersService).listTriggers()).toHaveLength(2);
    } finally {
      await application.close();
    }
  }

  it('gets an SQL script that does all of it on an empty database', async () => {
    const { code, stdout, stderr } = await run('plan', '--app', APP, '--role', role.name);
    expect(code, `told: ${stderr}`).toBe(0);
    expect(stdout).toContain('-- migration 1: tables');
    expect(stdout).toContain('-- "order_created" is missing');
    expect(stdout).toContain(`grant usage on schema "event_triggers" to "${role.name}";`);

    await database.query(stdout);

    const left = await plan('--role', role.name);
    expect(left, 'nothing is left to do').toEqual({
      migrations: [],
      changes: [],
      grants: [],
      sql: '-- nothing to do',
    });
  });

  it('changes nothing by planning, and runs no hook of the application', async () => {
    const { migrations, changes } = await plan();

    expect(migrations).toHaveLength(MIGRATIONS.length);
    expect(changes.map(({ kind, trigger }) => [kind, trigger])).toEqual([
      ['create', 'order_created'],
      ['create', 'order_paid'],
    ]);
    const [schema] = await database.query(`select to_regnamespace('event_triggers') as oid`);
    expect(schema).toEqual({ oid: null });
  });

  it('can have it applied instead, by another role than that of the application', async () => {
    const { code, stdout, stderr } = await eventTriggers(
      ['apply', '--app', APP, '--json', '--url', database.url],
      { env: { DATABASE_URL: role.url, SHOP_URL: receiver.url } },
    );
    expect(code, `told: ${stderr}`).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ created: ['order_created', 'order_paid'] });

    const { grants } = await plan('--role', role.name);
    for (const grant of grants) await database.query(grant);

    const again = await run('apply', '--app', APP);
    expect(again, 'the second time').toMatchObject({
      code: 0,
      stderr: 'all is as it is defined\n',
    });
    vi.stubEnv('SHOP_URL', receiver.url);
    await deliver();
    for (const looking of ['status', 'events', 'doctor']) {
      const looked = await eventTriggers([looking], { url: role.url });
      expect(looked.code, `${looking} as that role: ${looked.stdout} ${looked.stderr}`).toBe(0);
    }
  });

  it('gets the statements of what has changed', async () => {
    await run('apply', '--app', APP);
    await database.query(`
      update event_triggers.event_trigger
         set definition = (definition::jsonb - 'update' || '{"insert": {}, "webhook": "x"}')::json
       where name = 'order_paid'`);
    await database.query(`
      insert into event_triggers.event_trigger (name, application, definition)
      select 'order_gone', 'test', (definition::jsonb || '{"whenRemoved": "purge"}')::json
        from event_triggers.event_trigger where name = 'order_created'`);
    await database.query(
      `update event_triggers.event_trigger set definition = (definition::jsonb || '{"webhook": "x"}')::json where name = 'order_created'`,
    );
    await database.query(
      `select event_triggers.install_v1(id) from event_triggers.event_trigger where name <> 'order_created'`,
    );

    const { changes, sql } = await plan();
    expect(changes.map(({ kind, trigger }) => [kind, trigger])).toEqual([
      ['update', 'order_created'],
      ['attach', 'order_paid'],
      ['remove', 'order_gone'],
    ]);
    expect(sql).toContain('-- which executes: create or replace function');
    expect(sql).toContain('-- then give up what waits: event-triggers purge order_gone');
    await database.query(sql);

    expect((await plan()).changes).toEqual([]);
  });

  it('is refused where the file is no root module, or cannot be loaded', async () => {
    const other = await run('plan', '--app', `${APP}#ShopModule`);
    expect(other).toMatchObject({ code: 2, stdout: '' });
    expect(other.stderr).toContain('exports no root module called ShopModule');
    const missing = await run('plan', '--app', 'dist/nowhere.js');
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain('error ET_APPLICATION: dist/nowhere.js cannot be loaded');
  });

  it('tells which role may not do it', async () => {
    const { code, stderr } = await eventTriggers(['apply', '--app', APP, '--url', role.url], {
      env: { DATABASE_URL: database.url, SHOP_URL: receiver.url },
    });
    expect(code).toBe(1);
    expect(stderr).toContain('error ET_NOT_PERMITTED: permission denied for database');
  });
});
