// @ts-check
import { setTimeout as pause } from 'node:timers/promises';
import { now } from '../clock.mjs';
import { ORDER } from '../orders/orders-table.mjs';

/** For the last ones to arrive. */
const LAST_ARRIVAL_MS = 5_000;

/**
 * How long after its commit returned each change is at the receiver. Each is due at a fixed time, however long
 * those before it took.
 *
 * @param {object} load
 * @param {import('pg').Pool} load.pool
 * @param {import('../receiver/receiver.mjs').Receiver} load.receiver
 * @param {readonly string[]} load.statements inserts of an order that return its id, in turn
 * @param {number} load.perSecond
 * @param {number} load.seconds
 * @param {string[]} load.problems where what does not arrive is told
 * @param {() => string} [load.customer] whose order it is. Default: always the same one's.
 * @param {string} [load.hangs] a request whose body has this text is never answered
 */
export async function measureDelays({ receiver, problems, hangs, ...load }) {
  await receiver.begin({ arrivals: true, ...(hangs && { hangs }) });
  const committed = await writePaced({ ...load, count: load.perSecond * load.seconds });
  const deadline = now() + LAST_ARRIVAL_MS;
  for (;;) {
    const { arrivals } = await receiver.received();
    const delays = arrivals.flatMap(([row, at]) => {
      const committedAt = committed.get(row);
      return committedAt === undefined ? [] : [at - committedAt];
    });
    if (delays.length === committed.size) return delays;
    if (now() > deadline) {
      problems.push(`${committed.size - delays.length} of ${committed.size} events did not arrive`);
      return delays;
    }
    await pause(100);
  }
}

/**
 * @param {{ pool: import('pg').Pool, statements: readonly string[], perSecond: number, count: number, customer?: () => string }} load
 * @returns {Promise<Map<number, number>>} when the commit of each row returned
 */
export async function writePaced({ pool, statements, perSecond, count, customer }) {
  const startedAt = now();
  /** @type {Map<number, number>} */
  const committed = new Map();
  const writes = [];
  for (let place = 0; place < count; place += 1) {
    const due = startedAt + (place * 1_000) / perSecond;
    if (due > now()) await pause(due - now());
    const which = place % statements.length;
    const statement = { name: `insert-${which}`, text: statements[which] ?? '' };
    writes.push(
      pool
        .query({ ...statement, values: customer ? [customer(), ...ORDER.slice(1)] : ORDER })
        .then(({ rows }) => {
          committed.set(Number(rows[0].id), now());
        }),
    );
  }
  await Promise.all(writes);
  return committed;
}
