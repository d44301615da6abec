// @ts-check
import { setTimeout as pause } from 'node:timers/promises';
import { attachTriggers, Engine } from '../engine/engine.mjs';
import { createOrders } from '../orders/orders-table.mjs';
import { alternate } from './alternate.mjs';

/** Until a replica has fallen asleep, and long enough to see its chores of a minute. */
const FALLS_ASLEEP_MS = 10_000;
const SECONDS = 60;
const NOWHERE = 'http://127.0.0.1:9/';

/**
 * What a replica costs while nothing happens: transactions a second, counted by Postgres.
 *
 * @param {import('../run-bench.mjs').Bench} bench
 * @returns {Promise<import('../report/report.mjs').Report>}
 */
export async function idle({ server, rounds }) {
  /** @type {import('../engine/application.mjs').TriggerDefinition[]} */
  const triggers = [{ name: 'order-created', table: 'orders', insert: true, webhook: NOWHERE }];

  /** @param {boolean} listens */
  async function measure(listens) {
    const database = await server.createDatabase();
    await database.query(createOrders('orders'));
    await attachTriggers(database.url, triggers);
    const engine = await Engine.start({
      url: database.url,
      triggers,
      delivery: 'nothing',
      dispatcher: { listen: listens },
    });
    try {
      await pause(FALLS_ASLEEP_MS);
      const [before, cpuBefore] = [await transactions(database.name), await engine.cpu()];
      await pause(SECONDS * 1_000);
      const [after, cpuAfter] = [await transactions(database.name), await engine.cpu()];
      return {
        perSecond: (after - before) / SECONDS,
        cpu: (cpuAfter - cpuBefore) / SECONDS,
      };
    } finally {
      await engine.stop();
      await database.drop();
    }
  }

  /** Asked for from another database, so that the question is not counted. @param {string} name */
  async function transactions(name) {
    return await server.use(async (client) => {
      const { rows } = await client.query(
        `select xact_commit + xact_rollback as count from pg_stat_database where datname = $1`,
        [name],
      );
      return Number(rows[0].count);
    });
  }

  const sides = await alternate(rounds, {
    listening: () => measure(true),
    polling: () => measure(false),
  });
  const rates = (/** @type {'listening' | 'polling'} */ side) =>
    sides[side].map(({ perSecond }) => perSecond);
  return {
    title: `idle: one replica in silence, ${rounds} rounds of ${SECONDS} s`,
    lines: [
      {
        label: 'transactions/s, listening',
        samples: rates('listening'),
        digits: 2,
        key: 'listeningPerSecond',
        mark: { atMost: 1 },
      },
      {
        label: 'transactions/s, polling',
        samples: rates('polling'),
        digits: 2,
        key: 'pollingPerSecond',
        mark: { atMost: 4 },
      },
      {
        label: 'Node CPU, ms/s, listening',
        samples: sides.listening.map(({ cpu }) => cpu),
        digits: 1,
      },
    ],
    problems: [],
  };
}
