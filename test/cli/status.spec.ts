import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MIGRATIONS } from '../../lib/schema/migrations.js';
import { createTestDatabase } from '../support/test-database.js';
import { eventTriggers } from './support/command-line.js';
import { openShop, type Shop } from './support/shop.js';

describe('event-triggers status', () => {
  let shop: Shop;

  beforeAll(async () => {
    shop = await openShop();
  });
  afterAll(() => shop.close());

  it('tells the version of the schema, what waits of each trigger, who delivers, and what the logs take', async () => {
    const { code, stdout, stderr } = await shop.run('status');

    expect(code, `told: ${stderr}`).toBe(0);
    expect(stdout).toContain(`schema event_triggers: version ${MIGRATIONS.at(-1)!.version}`);
    expect(stdout).toMatch(/^TRIGGER +TABLE +OPERATIONS +WAITING/m);
    expect(stdout).toMatch(/^order_created +public\.orders +INSERT +- +0 +0 +0 +ok$/m);
    expect(stdout).toMatch(/^[\da-f-]{36} +test +\d{4}-.* +alive$/m);
    expect(stdout).toMatch(/^event +\d+ +[\d.]+ kB/m);
  });

  it('tells the same as JSON', async () => {
    const status = await shop.result<Record<string, unknown>>('status');

    expect(status).toMatchObject({
      schema: { name: 'event_triggers', version: MIGRATIONS.at(-1)!.version },
      triggers: [{ name: 'order_created', dead: 0 }],
      dispatchers: [{ application: 'test', alive: true }],
    });
  });

  it('has no colours where it is not read on a terminal', async () => {
    const { stdout } = await shop.run('status');
    expect(stdout).not.toContain('\u001b');
  });

  it('says where nothing is installed', async () => {
    const empty = await createTestDatabase();

    const { code, stdout, stderr } = await eventTriggers(['status', '--json'], { url: empty.url });
    await empty.drop();

    expect(code).toBe(1);
    expect(stdout, 'no result').toBe('');
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'ET_SCHEMA' } });
  });
});
