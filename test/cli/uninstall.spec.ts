import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openShop, type Shop } from './support/shop.js';

describe('event-triggers uninstall', () => {
  let shop: Shop;

  beforeAll(async () => {
    shop = await openShop();
    await shop.database.query(
      'create table "Odd, partitioned" (id int primary key) partition by range (id)',
    );
    await shop.database.query(
      'create table part partition of "Odd, partitioned" for values from (0) to (9)',
    );
    await shop.service.createTrigger({
      name: 'odd',
      table: 'Odd, partitioned',
      insert: true,
      webhook: shop.receiver.url,
    });
  });
  afterAll(() => shop.close());

  it('shows what it would do, and does not without a yes', async () => {
    const { code, stderr } = await shop.run('uninstall');

    expect(code).toBe(1);
    expect(stderr).toMatch(/^drop trigger "!event_triggers:.* on orders;$/m);
    expect(stderr).toMatch(/^drop trigger .* on "Odd, partitioned";$/m);
    expect(stderr).toContain('drop schema "event_triggers" cascade;');
    expect(stderr).toContain('ET_NOT_CONFIRMED');
    expect(await shop.service.listTriggers()).toHaveLength(2);
  });

  it('refuses while somebody delivers', async () => {
    const { code, stderr } = await shop.run('uninstall', '--yes');
    expect(code).toBe(1);
    expect(stderr).toContain('ET_IN_USE');
  });

  it('leaves nothing, and tables that can be written to', async () => {
    await shop.stop();

    const { statements } = await shop.result<{ statements: string[] }>('uninstall', '--yes');

    expect(statements.at(-1)).toBe('drop schema "event_triggers" cascade');
    const [left] = await shop.database.query(
      `select to_regnamespace('event_triggers') as schema,
              (select count(*)::int from pg_trigger t where t.tgname like '!event_triggers%') as triggers`,
    );
    expect(left).toEqual({ schema: null, triggers: 0 });
    await shop.order(1);
    await shop.database.query('insert into part values (1)');
    const again = await shop.run('uninstall', '--yes');
    expect(again.stderr).toContain('error ET_SCHEMA');
  });
});
