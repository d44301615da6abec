import { drain } from 'nestjs-event-triggers/testing';
import { describe, expect, it } from 'vitest';
import { orderChat } from './order-chat.js';
import { useShop } from './shop.js';

describe('the recipe for a chat', () => {
  const shop = useShop();

  it('writes a sentence of large orders, in the form of the chat', async () => {
    const receiver = await shop.receiver('CHAT_WEBHOOK_URL');
    const app = await shop.start({ triggers: [orderChat] });
    await shop.order({ total: '10' });
    const { id } = await shop.order({ total: '1000.50' });
    await drain(app);
    expect(receiver.requests.map(({ body }) => body)).toEqual([
      `{"text":"Order ${id} over 1000.5"}`,
    ]);
  });
});
