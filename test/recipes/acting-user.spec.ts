import { drain } from 'nestjs-event-triggers/testing';
import { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { payloadIn } from '../support/payload.js';
import { actingAs } from './acting-user.js';
import { orderFunction } from './order-function.js';
import { Order } from './order.entity.js';
import { useShop } from './shop.js';

describe('the recipe for session variables', () => {
  const shop = useShop();

  it('tells who made a change, and nothing of the next one', async () => {
    const receiver = await shop.receiver('NHOST_BACKEND_URL');
    const app = await shop.start({ triggers: [orderFunction] });
    await actingAs('user 7', app.get(DataSource), (manager) =>
      manager.save(Order, { email: 'ada@example.com' }),
    );
    await drain(app);
    await shop.order();
    await drain(app);
    expect(receiver.requests.map((one) => payloadIn(one).event.session_variables)).toEqual([
      { 'x-hasura-user-id': 'user 7' },
      null,
    ]);
  });
});
