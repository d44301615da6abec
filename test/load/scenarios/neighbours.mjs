// @ts-check
import pg from 'pg';
import { attachTriggers, Engine } from '../engine/engine.mjs';
import { createOrders, insertOrder, insertOrders, ORDER } from '../orders/orders-table.mjs';
import { Receiver } from '../receiver/receiver.mjs';
import { Silence } from '../receiver/silence.mjs';
import { percentile, ratios } from '../report/statistics.mjs';
import { alternate } from './alternate.mjs';
import { measureDelays, writePaced } from './commit-to-request.mjs';

/** @typedef {import('../engine/application.mjs').TriggerDefinition} TriggerDefinition */

const PER_SECOND = 200;
const SECONDS = 10;
const WARM_UP_EVENTS = 200;
const WRITERS = 4;
/** Of ten triggers one has a destination that hangs. */
const NEIGHBOURS = 9;
/** What waits of one trigger, and how slowly it goes out: it is still there when the round ends. */
const WAITING_ROWS = 2_000_000;
const WAITING_PER_SECOND = 20;
/** Another trigger may have a quarter more. */
const MOST = 1.25;

/**
 * What a destination that hangs costs the other nine triggers, whose changes come at the same pace.
 *
 * @param {import('../run-bench.mjs').Bench} bench
 * @returns {Promise<import('../report/report.mjs').Report>}
 */
export async function deadEndpoint({ server, rounds }) {
  const silence = new Silence();
  const dead = await silence.start();
  try {
    return await compare(`dead-endpoint: one of ${NEIGHBOURS + 1} destinations hangs`, rounds, {
      server,
      tables: Array.from({ length: NEIGHBOURS }, (_, number) => `orders_${number}`),
      neighbour: (url, isDisturbed) => ({ webhook: isDisturbed ? dead : url }),
      /** One of ten changes is of the tenth trigger. */
      disturb: async (pool) =>
        void (await writePaced({
          pool,
          statements: [`${insertOrder('neighbour')} returning id`],
          perSecond: PER_SECOND / NEIGHBOURS,
          count: Math.round((PER_SECOND / NEIGHBOURS) * SECONDS),
        })),
      before: async () => undefined,
    });
  } finally {
    await silence.stop();
  }
}

/**
 * What two million events that wait for one trigger cost another one.
 *
 * @param {import('../run-bench.mjs').Bench} bench
 * @returns {Promise<import('../report/report.mjs').Report>}
 */
export async function backlog({ server, rounds }) {
  return compare(
    `backlog: ${WAITING_ROWS.toLocaleString('en-US')} events wait for another trigger`,
    rounds,
    {
      server,
      tables: ['orders'],
      neighbour: (url) => ({ webhook: url, rateLimit: WAITING_PER_SECOND }),
      disturb: async () => undefined,
      before: async (database, isDisturbed) => {
        await database.query(insertOrders('neighbour'), [
          ...ORDER,
          isDisturbed ? WAITING_ROWS : WAITING_PER_SECOND * SECONDS,
        ]);
        await database.query('checkpoint');
      },
    },
  );
}

/**
 * @param {string} title
 * @param {number} rounds
 * @param {object} terms
 * @param {import('../server/bench-server.mjs').BenchServer} terms.server
 * @param {string[]} terms.tables of the triggers that are measured
 * @param {(url: string, isDisturbed: boolean) => Pick<TriggerDefinition, 'webhook' | 'rateLimit'>} terms.neighbour
 * @param {(database: import('../server/bench-database.mjs').BenchDatabase, isDisturbed: boolean) => Promise<unknown>} terms.before
 * @param {(pool: pg.Pool) => Promise<void>} terms.disturb what is written meanwhile, on both sides
 * @returns {Promise<import('../report/report.mjs').Report>}
 */
async function compare(title, rounds, { server, tables, neighbour, before, disturb }) {
  const receiver = await Receiver.start();
  /** @type {string[]} */
  const problems = [];

  /** @param {boolean} isDisturbed */
  async function measure(isDisturbed) {
    const database = await server.createDatabase();
    /** @type {TriggerDefinition[]} */
    const triggers = [
      ...tables.map((table) => ({
        name: table,
        table,
        insert: /** @type {const} */ (true),
        webhook: receiver.url,
      })),
      {
        name: 'neighbour',
        table: 'neighbour',
        insert: true,
        ...neighbour(receiver.url, isDisturbed),
      },
    ];
    // One sequence for all, so that a row's number says which change it is.
    await database.query('create sequence every_id');
    for (const table of [...tables, 'neighbour']) {
      await database.query(createOrders(table));
      await database.query(
        `alter table ${table} alter id drop identity, alter id set default nextval('every_id')`,
      );
    }
    await attachTriggers(database.url, triggers);
    await before(database, isDisturbed);
    const engine = await Engine.start({ url: database.url, triggers, delivery: 'webhook' });
    const pool = new pg.Pool({ connectionString: database.url, max: WRITERS });
    const others = new pg.Pool({ connectionString: database.url, max: 1 });
    const statements = tables.map((table) => `${insertOrder(table)} returning id`);
    try {
      await writePaced({ pool, statements, perSecond: PER_SECOND, count: WARM_UP_EVENTS });
      const load = {
        pool,
        receiver,
        statements,
        perSecond: PER_SECOND,
        seconds: SECONDS,
        problems,
      };
      const [delays] = await Promise.all([measureDelays(load), disturb(others)]);
      return { p50: percentile(delays, 50), p99: percentile(delays, 99) };
    } finally {
      await pool.end();
      await others.end();
      await engine.stop();
      await database.drop();
    }
  }

  try {
    const sides = await alternate(rounds, {
      disturbed: () => measure(true),
      alone: () => measure(false),
    });
    /** @param {'p50' | 'p99'} what */
    const lines = (what, /** @type {{ atMost: number } | undefined} */ mark) => {
      const of = (/** @type {'disturbed' | 'alone'} */ side) =>
        sides[side].map((round) => round[what]);
      return [
        { label: `${what}, ms`, samples: of('disturbed'), digits: 1 },
        { label: `${what} without that, ms`, samples: of('alone'), digits: 1 },
        {
          label: `${what} / ${what} without that`,
          samples: ratios(of('disturbed'), of('alone')),
          digits: 2,
          key: `${what}Ratio`,
          ...(mark && { mark }),
        },
      ];
    };
    return {
      title: `${title}; the others at ${PER_SECOND} events/s, ${rounds} rounds of ${SECONDS} s`,
      lines: [...lines('p50', undefined), ...lines('p99', { atMost: MOST })],
      problems,
    };
  } finally {
    await receiver.stop();
  }
}
