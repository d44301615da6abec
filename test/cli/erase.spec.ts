import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openShop, type Shop } from './support/shop.js';

describe('event-triggers erase', () => {
  let shop: Shop;

  beforeAll(async () => {
    shop = await openShop();
    await shop.order(1, 2);
    await shop.drain();
  });
  afterAll(() => shop.close());

  it('only counts where nobody says yes', async () => {
    const { code, stdout } = await shop.run('erase', '--key', '1');

    expect(code).toBe(0);
    expect(stdout).toBe('1 event of the key "1": 0 still owed, 0 in flight; 1 attempt\n');
    expect(await shop.result('erase', '--key', '1')).toMatchObject({ events: 1, erased: false });
  });

  it('erases one row, and other events come', async () => {
    expect(await shop.result('erase', '--key', '1', '--yes')).toEqual({
      events: 1,
      owed: 0,
      inFlight: 0,
      attempts: 1,
      erased: true,
    });
    const { events } = await shop.service.listEvents();
    expect(events.map(({ key }) => key)).toEqual(['2']);
    await shop.order(3);
    await shop.drain();
    expect(shop.receiver.requests).toHaveLength(3);
  });

  it('refuses what is owed, and says how to give it up', async () => {
    await shop.stop();
    await shop.order(4);

    const refused = await shop.run('erase', '--key', '4', '--yes');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('ET_EVENT_OWED');
    const given = await shop.run('erase', '--key', '4', '--yes', '--cancel-waiting');
    expect(given).toMatchObject({ code: 0, stderr: '1 event of the key "4" erased\n' });
  });
});
