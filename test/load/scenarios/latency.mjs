// @ts-check
import pg from 'pg';
import { attachTriggers, Engine } from '../engine/engine.mjs';
import { createOrders, insertOrder } from '../orders/orders-table.mjs';
import { Receiver } from '../receiver/receiver.mjs';
import { percentile } from '../report/statistics.mjs';
import { measureDelays, writePaced } from './commit-to-request.mjs';

/** A calm application, and one that has much to do; with what two cores should reach. */
const RATES = [
  { perSecond: 200, p50Ms: 6, p99Ms: 30 },
  { perSecond: 1_000, p50Ms: 6, p99Ms: 30 },
];
const SECONDS = 10;
/** Until plans are made and connections are warm. */
const WARM_UP = { perSecond: 200, count: 200 };
/** More than one connection, so that a slow commit does not hold back the ones that are due after it. */
const WRITERS = 4;

/**
 * How long after its commit returned a change is at the receiver.
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
  const statements = [`${insertOrder('orders')} returning id`];
  /** @type {import('../report/report.mjs').Line[]} */
  const lines = [];
  /** @type {string[]} */
  const problems = [];
  try {
    await writePaced({ pool, statements, ...WARM_UP });
    for (const { perSecond, p50Ms, p99Ms } of RATES) {
      /** @type {number[][]} */
      const delays = [];
      for (let round = 0; round < rounds; round += 1) {
        console.error(`  ${perSecond}/s, round ${round + 1} of ${rounds}`);
        const load = { pool, receiver, statements, perSecond, seconds: SECONDS, problems };
        delays.push(await measureDelays(load));
      }
      const of = (/** @type {number} */ percent) => delays.map((all) => percentile(all, percent));
      const key = `at${perSecond}`;
      lines.push(
        {
          label: `${perSecond}/s: median, ms`,
          samples: of(50),
          digits: 1,
          key: `${key}P50Ms`,
          mark: { atMost: p50Ms },
        },
        {
          label: `${perSecond}/s: 99th percentile, ms`,
          samples: of(99),
          digits: 1,
          key: `${key}P99Ms`,
          mark: { atMost: p99Ms },
        },
        { label: `${perSecond}/s: longest, ms`, samples: of(100), digits: 1 },
      );
    }
    return {
      title: `latency: commit to request, ${rounds} rounds of ${SECONDS} s`,
      lines,
      problems,
    };
  } finally {
    await pool.end();
    await engine.stop();
    await receiver.stop();
  }
}
