// #region recipe
import { defineTrigger } from 'nestjs-event-triggers';
import { Order } from './order.entity.js';

export const orderStatistics = defineTrigger({
  name: 'order_statistics',
  table: Order,
  insert: { payload: ['id', 'total'] },
  startFrom: '7d',
  manual: true, // for the rows that no log knows
  webhook: '{{STATISTICS_URL}}',
});
// #endregion
