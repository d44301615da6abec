// #region recipe
import { defineTrigger } from 'nestjs-event-triggers';
import { Order } from './order.entity.js';

export const orderPaid = defineTrigger({
  name: 'order_paid',
  table: Order,
  update: {
    columns: ['status'],
    when: `new.status = 'paid'`,
    payload: ['id', 'email', 'total'],
  },
  webhook: '{{BILLING_URL}}/paid',
  sendSecret: false, // it is somebody else's receiver
});
// #endregion
