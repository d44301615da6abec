import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openShop, type Shop } from './support/shop.js';

describe('what waits, from the command line', () => {
  let shop: Shop;

  beforeAll(async () => {
    shop = await openShop({ dispatcher: false });
  });
  afterAll(() => shop.close());

  it('is counted, and given up where the count is confirmed', async () => {
    await shop.order(1, 2, 3);

    const counted = await shop.run('purge', 'order_created');
    expect(counted, `told: ${counted.stderr}`).toMatchObject({ code: 0, stdout: '3 wait\n' });
    const more = await shop.run('purge', 'order_created', '--confirm', '2');
    expect(more.code).toBe(1);
    expect(more.stderr).toContain('ET_MORE_WAIT');
    expect(await shop.result('purge', 'order_created', '--confirm', '3')).toEqual({
      trigger: 'order_created',
      waiting: 3,
      purged: true,
    });
    expect((await shop.run('purge', 'order_created')).stdout).toBe('0 wait\n');
  });

  it('is not adopted where it is at home', async () => {
    const unconfirmed = await shop.run('adopt', '--deliver');
    expect(unconfirmed.stderr).toContain('ET_NOT_CONFIRMED');
    const { code, stderr } = await shop.run('adopt', '--deliver', '--yes');
    expect(code).toBe(1);
    expect(stderr).toContain('ET_NOTHING_TO_ADOPT');
  });

  it('is adopted in a copy', async () => {
    await shop.order(4);
    await shop.database.query(`update event_triggers.installation set deployment = 'production'`);

    const adopted = await shop.result('adopt', '--deliver', '--deployment', 'staging', '--yes');

    expect(adopted).toEqual({ waiting: 1, fate: 'deliver' });
  });

  it('stays when old partitions go', async () => {
    await shop.database.query(
      `select event_triggers.make_partition_v1('event', 'event_2020010100', '2020-01-01', '2020-01-02')`,
    );

    const { code, stderr } = await shop.run('prune', '--events', '1d');

    expect(code, `told: ${stderr}`).toBe(0);
    expect(stderr).toMatch(/^\d+ partitions, .* freed$/m);
    const [row] = await shop.database.query(
      `select to_regclass('event_triggers.event_2020010100') as old, count(*)::int as retries from event_triggers.retry`,
    );
    expect(row).toEqual({ old: null, retries: 1 });
  });
});
