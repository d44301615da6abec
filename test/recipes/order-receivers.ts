// #region recipe
import { defineTrigger } from 'nestjs-event-triggers';
import { Order } from './order.entity.js';

export const orderReceivers = [
  defineTrigger({
    name: 'order_warehouse',
    table: Order,
    insert: true,
    webhook: '{{WAREHOUSE_URL}}',
  }),
  defineTrigger({
    name: 'order_accounting',
    table: Order,
    insert: { when: 'new.total > 0', payload: ['id', 'total'] },
    webhook: '{{ACCOUNTING_URL}}',
    bundle: { size: 100, within: '1s' },
  }),
  defineTrigger({
    name: 'order_partner',
    table: Order,
    insert: { payload: ['id'] },
    webhook: '{{PARTNER_URL}}',
    sendSecret: false,
    rateLimit: 20,
    retry: { maxAge: '1d' },
  }),
];
// #endregion
