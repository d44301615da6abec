// @ts-check
import { writeLoad } from '../writers/write-load.mjs';
import { insertOrder, ORDER } from './orders-table.mjs';

/**
 * Events by real inserts, each in a transaction of its own. Nobody waits for the disk: this is done before
 * the clock starts.
 *
 * @param {string} url
 * @param {number} count
 */
export async function captureOrders(url, count) {
  await writeLoad({
    url,
    statement: insertOrder('orders'),
    values: () => [ORDER],
    synchronousCommit: false,
    until: { transactions: count },
  });
}
