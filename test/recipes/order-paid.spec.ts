import { drain } from 'nestjs-event-triggers/testing';
import { describe, expect, it } from 'vitest';
import { payloadIn } from '../support/payload.js';
import { orderPaid } from './order-paid.js';
import { Order } from './order.entity.js';
import { useShop } from './shop.js';

describe('the recipe for a status that becomes another', () => {
  const shop = useShop();

  it('calls the receiver when an order becomes paid, with the columns that it needs', async () => {
    const receiver = await shop.receiver('BILLING_URL');
    const app = await shop.start({ triggers: [orderPaid] });
    const { id } = await shop.order({ total: '10.50' });
    for (const status of ['packed', 'paid', 'paid', 'shipped'])
      await shop.orders.update(Order, { id }, { status });
    await shop.database.query(`update orders set email = 'ada@example.org'`);
    await drain(app);
    expect(receiver.requests.map(({ path }) => path)).toEqual(['/paid']);
    const [request] = receiver.requests;
    const row = { id, email: 'ada@example.com', total: 10.5 };
    expect(payloadIn(request!).event.data).toEqual({ old: row, new: row });
    expect(request!.headers['nhost-webhook-secret']).toBeUndefined();
  });
});
