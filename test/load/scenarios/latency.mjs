// @ts-check
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { now } from '../clock.mjs';
import { attachTriggers, Engine } from '../engine/engine.mjs';
import { createOrders, insertOrder, ORDER } from '../orders/orders-table.mjs';
import { Receiver } from '../receiver/receiver.mjs';
import { percentile } from '../report/statistics.mjs';

const EVENTS_PER_SECOND = 200;
const SECONDS = 10;
/** Until plans are made and connections are warm. */
const WARM_UP_EVENTS = 200;
/** More than one connection, so that a slow commit does not hold back the ones that are due after it. */
const WRITERS = 4;
/** For the last ones to arrive. */
const LAST_ARRIVAL_MS = 5_000;

/**
 * How long after its commit returned a change is at the receiver, at 200 changes a second. Each is due at a
 * fixed time, however long those before it took.
 *
 * @param {import('../run-bench.mjs').Bench} bench
 * @returns {Promise<import('../report/report.mjs').Report>}
 */
export async function latency({ server, rounds }) {
  const receiver = await Receiver.start();
  const database = await server.createDatabase();
  /** @type {import('../engine/application.mjs').TriggerDefinition[]} */
  const triggers = [
    { name: 'order-created', table: 'orders', insert: true, webhook: receiver.url },
  ];
  await database.query(createOrders('orders'));
  await attachTriggers(database.url, triggers);
  const engine = await Engine.start({ url: database.url, triggers, delivery: 'webhook' });
  const pool = new pg.Pool({ connectionString: database.url, max: WRITERS });
  try {
    await write(pool, WARM_UP_EVENTS);
    /** @type {Record<'p50' | 'p99' | 'most', number[]>} */
    const samples = { p50: [], p99: [], most: [] };
    /** @type {string[]} */
    const problems = [];
    for (let round = 0; round < rounds; round += 1) {
      console.error(`  round ${round + 1} of ${rounds}`);
      const delays = await measure(pool, receiver, problems);
      samples.p50.push(percentile(delays, 50));
      samples.p99.push(percentile(delays, 99));
      samples.most.push(percentile(delays, 100));
    }
    return {
      title: `latency: commit to request, ${EVENTS_PER_SECOND} events/s, ${rounds} rounds of ${SECONDS} s`,
      lines: [
        {
          label: 'median, ms',
          samples: samples.p50,
          digits: 1,
          key: 'p50Ms',
          mark: { atMost: 15 },
        },
        { label: '99th percentile, ms', samples: samples.p99, digits: 1, key: 'p99Ms' },
        { label: 'longest, ms', samples: samples.most, digits: 1 },
      ],
      problems,
    };
  } finally {
    await pool.end();
    await engine.stop();
    await receiver.stop();
  }
}

/**
 * @param {pg.Pool} pool
 * @param {Receiver} receiver
 * @param {string[]} problems
 */
async function measure(pool, receiver, problems) {
  await receiver.begin({ arrivals: true });
  const committed = await write(pool, EVENTS_PER_SECOND * SECONDS);
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
 * @param {pg.Pool} pool
 * @param {number} count
 * @returns {Promise<Map<number, number>>} when the commit of each row returned
 */
async function write(pool, count) {
  const startedAt = now();
  /** @type {Map<number, number>} */
  const committed = new Map();
  const statement = { name: 'insert-order', text: `${insertOrder('orders')} returning id` };
  const writes = [];
  for (let place = 0; place < count; place += 1) {
    const due = startedAt + (place * 1_000) / EVENTS_PER_SECOND;
    if (due > now()) await pause(due - now());
    writes.push(
      pool.query({ ...statement, values: ORDER }).then(({ rows }) => {
        committed.set(Number(rows[0].id), now());
      }),
    );
  }
  await Promise.all(writes);
  return committed;
}
