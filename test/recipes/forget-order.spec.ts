import { defineTrigger } from 'nestjs-event-triggers';
import { drain } from 'nestjs-event-triggers/testing';
import { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/wait-until.js';
import { payloadIn } from '../support/payload.js';
import { forgetOrder } from './forget-order.js';
import { Order } from './order.entity.js';
import { useShop } from './shop.js';

const orderChanged = defineTrigger({
  name: 'order_changed',
  table: Order,
  insert: true,
  delete: true,
  webhook: '{{NHOST_BACKEND_URL}}',
});

describe('the recipe for a row that is to be forgotten', () => {
  const shop = useShop();

  it('tells receivers of the deletion first, and leaves no trace then', async () => {
    const receiver = await shop.receiver('NHOST_BACKEND_URL');
    const app = await shop.start({ triggers: [orderChanged], retry: { delay: '1h' } });
    const { id } = await shop.order();
    await drain(app);
    receiver.respondWith({ status: 503 });
    const forget = () => forgetOrder(id, app.get(DataSource), shop.eventTriggers);
    expect(await forget(), 'while the deletion is under way').toBe(false);
    await eventually(
      async () => (await shop.database.query('select from event_triggers.retry')).length === 1,
      { describe: 'a retry of the deletion' },
    );
    expect(await forget(), 'while the deletion waits for another attempt').toBe(false);
    receiver.respondWith({ status: 200 });
    await drain(app, { passDelays: true });
    expect(await forget()).toBe(true);
    expect(payloadIn(receiver.requests.at(-1)!).event.op).toBe('DELETE');
    const left = await shop.database.query(
      `select id::text from event_triggers.event union all select event_id::text from event_triggers.attempt`,
    );
    expect(left).toEqual([]);
  });
});
