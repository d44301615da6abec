import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createLeastRole } from '../support/least-role.js';
import { createTestDatabase } from '../support/test-database.js';
import { eventTriggers } from './support/command-line.js';
import { openShop, type Shop } from './support/shop.js';

interface Finding {
  readonly check: string;
  readonly severity: string;
  readonly message: string;
  readonly fix: string | null;
}

describe('event-triggers doctor', () => {
  let shop: Shop;

  beforeAll(async () => {
    shop = await openShop();
  });
  afterAll(() => shop.close());
  afterEach(async () => {
    await shop.database.query('alter table orders enable trigger all');
    await shop.database.query('truncate event_triggers.dead_letter');
  });

  async function examine(
    url = shop.database.url,
  ): Promise<{ code: number | null; findings: Finding[] }> {
    const { code, stdout, stderr } = await eventTriggers(['doctor', '--json'], { url });
    expect(stdout, `told: ${stderr}`).not.toBe('');
    return { code, findings: (JSON.parse(stdout) as { findings: Finding[] }).findings };
  }

  const of = (findings: readonly Finding[], check: string): Finding | undefined =>
    findings.find((finding) => finding.check === check);

  it('has a line for each check, and finds an installation well that is', async () => {
    const { code, stdout } = await shop.run('doctor');

    expect(stdout).toMatch(/^ok {7}connection {5}to "/m);
    expect(stdout).toMatch(/^ok +server +Postgres 1[58]/m);
    expect(stdout).toMatch(
      /^ok +pooler +statements keep their session, and notifications come back/m,
    );
    expect(stdout).toMatch(/^ok +dispatchers +1 of "test" alive$/m);
    expect(stdout).toMatch(/^ok +partitions /m);
    expect(stdout, 'and nothing is wrong').not.toMatch(/^problem/m);
    expect(code).toBe(0);
  });

  it('answers 1 to a capture trigger that somebody has switched off', async () => {
    await shop.database.query('alter table orders disable trigger all');

    const { code, findings } = await examine();

    expect(code).toBe(1);
    expect(of(findings, 'capture')).toMatchObject({
      severity: 'problem',
      message: 'changes may go by uncaptured: order_created',
    });
  });

  it('warns of dead letters', async () => {
    await shop.database.query(
      `insert into event_triggers.dead_letter (trigger_id, event_id, operation, created_at, attempts, reason)
       select id, 1, 'INSERT', now(), 1, 'exhausted' from event_triggers.event_trigger`,
    );

    const { code, findings } = await examine();

    expect(code, 'warnings are no problems').toBe(0);
    expect(of(findings, 'dead letters')).toMatchObject({
      severity: 'warning',
      message: 'given up: order_created (1)',
      fix: expect.stringContaining('redeliver --dead'),
    });
  });

  it('tells a role what it lacks, and goes no further', async () => {
    const role = await createLeastRole(shop.database);
    const { code, findings } = await examine(role.url);
    await role.drop();

    expect(code).toBe(1);
    expect(of(findings, 'grants')).toMatchObject({
      severity: 'problem',
      fix: expect.stringContaining('grant usage on schema "event_triggers"'),
    });
    expect(of(findings, 'capture')).toBeUndefined();
  });

  it('finds a database on which nothing is installed', async () => {
    const empty = await createTestDatabase();
    const { code, findings } = await examine(empty.url);
    await empty.drop();

    expect(code).toBe(1);
    expect(of(findings, 'schema')).toMatchObject({
      severity: 'problem',
      message: expect.stringContaining('lacks the migrations 1 (tables)'),
    });
  });

  it('finds a copy of another database', async () => {
    await shop.database.query(
      'update event_triggers.installation set written_by = (written_by::text::bigint + 1)::text::xid8',
    );
    const { findings } = await examine();
    await shop.database.query(
      'update event_triggers.installation set written_by = pg_current_xact_id()',
    );

    expect(of(findings, 'history')).toMatchObject({
      severity: 'problem',
      fix: expect.stringContaining('adopt'),
    });
  });

  it('finds a server that cannot be reached', async () => {
    const { code, findings } = await examine('postgres://127.0.0.1:1/shop');
    expect(code).toBe(1);
    expect(findings).toMatchObject([{ check: 'connection', severity: 'problem' }]);
  });

  it('warns of rows in default partitions', async () => {
    // A replica that is alive may clear them away before they are seen.
    await shop.stop();
    await shop.database.query(
      `insert into event_triggers.event (trigger_id, operation, created_at) values (0, 'MANUAL', '2020-01-01')`,
    );

    const { findings } = await examine();

    expect(of(findings, 'partitions')).toMatchObject({
      severity: 'warning',
      message: 'rows lie in default partitions: event',
      fix: expect.stringContaining('prune'),
    });
  });

  it('finds that nobody delivers', async () => {
    await shop.stop();
    await shop.order(1);
    await shop.database.query(
      `update event_triggers.event set created_at = clock_timestamp() - interval '1 hour' where operation = 'INSERT'`,
    );

    const { code, findings } = await examine();

    expect(code).toBe(1);
    expect(of(findings, 'dispatchers')).toMatchObject({
      severity: 'problem',
      message: expect.stringContaining('an event waits for 1 h'),
    });
  });
});
