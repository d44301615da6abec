// #region recipe
import { defineTrigger, type EventTriggerPayload } from 'nestjs-event-triggers';
import { Order } from './order.entity.js';

export const orderChat = defineTrigger({
  name: 'order_chat',
  table: Order,
  insert: { when: 'new.total >= 1000', payload: ['id', 'total'] },
  webhook: '{{CHAT_WEBHOOK_URL}}', // a secret in itself: only the template is stored
  sendSecret: false,
  transform: ({ event }: EventTriggerPayload<{ id: number; total: number | string }>) =>
    event.op === 'INSERT'
      ? { body: { text: `Order ${event.data.new.id} over ${event.data.new.total}` } }
      : 'skip',
  rateLimit: 1, // what most chats allow
});
// #endregion
