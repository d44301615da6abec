// #region recipe
import { defineTrigger } from 'nestjs-event-triggers';
import { Order } from './order.entity.js';

export const orderPartner = defineTrigger({
  name: 'order_partner',
  table: Order,
  insert: { payload: ['id', 'total'] },
  webhook: '{{PARTNER_URL}}/orders',
  sendSecret: false, // a secret that a partner knows is none
  signingKeys: '{{PARTNER_SIGNING_KEY}}', // whsec_ and the base64 of 24 to 64 random bytes
});
// #endregion
