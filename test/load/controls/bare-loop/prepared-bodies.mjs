// @ts-check
import { ORDER } from '../../orders/orders-table.mjs';

const ID_DIGITS = 12;
const HEXADECIMAL = 16;

/**
 * Bodies as large as the engine's, each with an id of its own.
 *
 * @param {number} count
 */
export function preparedBodies(count) {
  const [customer, status, total, currency, address, note] = ORDER;
  return Array.from({ length: count }, (_, place) => {
    const row = { id: place, customer, status, total: Number(total), currency, address, note };
    const placed = { ...row, placed_at: '2026-11-24T04:11:40.123456+00:00' };
    return JSON.stringify({
      created_at: '2026-11-24T04:11:40.123456Z',
      delivery_info: { current_retry: 0, max_retries: 15 },
      event: {
        data: { new: placed, old: null },
        op: 'INSERT',
        session_variables: null,
        trace_context: null,
      },
      id: `6d0f1c2a-9b3e-8f40-a1b2-${place.toString(HEXADECIMAL).padStart(ID_DIGITS, '0')}`,
      table: { name: 'orders', schema: 'public' },
      trigger: { name: 'order-created' },
    });
  });
}
