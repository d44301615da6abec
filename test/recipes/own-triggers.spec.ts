import { orderFunction } from './order-function.js';
import { useShop } from './shop.js';

const shop = useShop();
const startReceiver = () => shop.receiver('NHOST_BACKEND_URL');
const startApp = () => shop.start({ triggers: [orderFunction] });

// #region recipe
import { drain, expectEvent } from 'nestjs-event-triggers/testing';
import { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { Order } from './order.entity.js';

describe('a new order', () => {
  it('reaches the function, over an outage', async () => {
    const receiver = await startReceiver(); // startFakeReceiver(), and its url in NHOST_BACKEND_URL
    receiver.respondWith([{ status: 503 }, { hangUp: true }, { status: 200 }]);
    const app = await startApp(); // your AppModule on a database of the test

    await app.get(DataSource).manager.save(Order, { email: 'ada@example.com' });

    await expectEvent(receiver, { trigger: 'order_function', new: { email: 'ada@example.com' } });
    await drain(app, { passDelays: true }); // does not wait for the delays of retries
    expect(receiver.requests).toHaveLength(3);
  });
});
// #endregion
