// #region recipe
import { defineTrigger } from 'nestjs-event-triggers';
import { Order } from './order.entity.js';

export const orderFunction = defineTrigger({
  name: 'order_function',
  table: Order,
  insert: true,
  webhook: '{{NHOST_BACKEND_URL}}/v1/functions/order-created',
});
// #endregion
