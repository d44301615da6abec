// @ts-check
import { captureOrders } from '../../orders/capture-orders.mjs';
import { HelperProcess } from '../../processes/helper-process.mjs';
import { COUNTS } from './outbox.sql.mjs';

const PROCESS = new URL('outbox.process.mjs', import.meta.url);

/**
 * One round of the control: events are captured, then a worker drains them, from its first claim to its last
 * commit.
 *
 * @param {object} options
 * @param {import('../../server/bench-server.mjs').BenchServer} options.server
 * @param {import('../../server/bench-database.mjs').BenchDatabase} options.template where the outbox is
 * @param {number} options.events
 * @returns {Promise<import('../../scenarios/drained.mjs').Drained>}
 */
export async function drainOutbox({ server, template, events }) {
  const database = await server.createDatabase(template);
  try {
    await captureOrders(database.url, events);
    // Its plans are made from statistics, where the engine's are not.
    await database.query('analyze outbox');
    const walBefore = await database.walBytes();
    const worker = new HelperProcess(PROCESS);
    const { milliseconds, cpu } = await drain(worker, database.url);
    const walBytes = (await database.walBytes()) - walBefore;
    const [counts] = await database.query(COUNTS);
    return {
      milliseconds,
      cpu,
      walBytes,
      deadRows: await database.deadRows('public'),
      problems: Object.entries(counts)
        .filter(([, count]) => count !== events)
        .map(([name, count]) => `${name}: ${count} instead of ${events}`),
    };
  } finally {
    await database.drop();
  }
}

/** A worker that goes on and on. */
export class Outbox {
  #worker = new HelperProcess(PROCESS);

  /** @param {string} url */
  static async start(url) {
    const outbox = new Outbox();
    await outbox.#worker.ask('run', { url });
    return outbox;
  }

  async stop() {
    try {
      await this.#worker.ask('stop');
    } finally {
      await this.#worker.end();
    }
  }
}

/**
 * @param {HelperProcess} worker
 * @param {string} url
 */
async function drain(worker, url) {
  try {
    return await worker.ask('drain', { url });
  } finally {
    await worker.end();
  }
}
