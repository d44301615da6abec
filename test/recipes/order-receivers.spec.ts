import { drain } from 'nestjs-event-triggers/testing';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/wait-until.js';
import { orderReceivers } from './order-receivers.js';
import { useShop } from './shop.js';

describe('the recipe for several receivers', () => {
  const shop = useShop();

  it('serves each by itself: one that fails costs the others nothing', async () => {
    const warehouse = await shop.receiver('WAREHOUSE_URL');
    const accounting = await shop.receiver('ACCOUNTING_URL');
    const partner = await shop.receiver('PARTNER_URL');
    partner.respondWith({ status: 503 });
    const app = await shop.start({ triggers: orderReceivers, retry: { delay: '1h' } });
    await shop.order({ total: '10' });
    await shop.order({ total: '0' });
    await warehouse.waitFor(2);
    const [bundle] = await accounting.waitFor(1);
    expect(JSON.parse(bundle!.body)).toMatchObject([{ event: { data: { new: { total: 10 } } } }]);
    await partner.waitFor(2);
    await eventually(
      async () => (await shop.database.query('select from event_triggers.retry')).length === 2,
      { describe: 'two retries of the partner' },
    );
    partner.respondWith({ status: 200 });
    await drain(app, { passDelays: true });
    expect([warehouse, accounting, partner].map(({ requests }) => requests.length)).toEqual([
      2, 1, 4,
    ]);
  });
});
