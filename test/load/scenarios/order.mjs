// @ts-check
import pg from 'pg';
import { attachTriggers, Engine } from '../engine/engine.mjs';
import { createOrders } from '../orders/orders-table.mjs';
import { Receiver } from '../receiver/receiver.mjs';
import { percentile, ratios } from '../report/statistics.mjs';
import { Random } from '../../support/random.mjs';
import { alternate } from './alternate.mjs';
import { measureDelays, writePaced } from './commit-to-request.mjs';

const PER_SECOND = 200;
const SECONDS = 10;
const WARM_UP_EVENTS = 200;
const WRITERS = 4;
/** Keys, of which a few have most of the changes: the second half as many as the first, the third a third. */
const KEYS = 1_000;
/** Changes of the key that hangs. */
const HANGING_PER_SECOND = 20;
const SEED = 1;
const HANGING = '00000000-0000-4000-8000-00000000dead';
/** The others may have a quarter more. */
const MOST = 1.25;

const INSERT = `
insert into orders (customer, status, total, currency, address, note)
values ($1, $2, $3, $4, $5, $6)
returning id`;

/**
 * What order by key costs, and what a key whose requests all hang costs the others.
 *
 * @param {import('../run-bench.mjs').Bench} bench
 * @returns {Promise<import('../report/report.mjs').Report>}
 */
export async function order({ server, rounds }) {
  const receiver = await Receiver.start();
  /** @type {string[]} */
  const problems = [];

  /**
   * @param {Pick<import('../engine/application.mjs').TriggerDefinition, 'ordering' | 'orderingKey'>} ordering
   * @param {boolean} hangs
   */
  async function measure(ordering, hangs) {
    const database = await server.createDatabase();
    /** @type {import('../engine/application.mjs').TriggerDefinition[]} */
    const triggers = [
      {
        name: 'order-created',
        table: 'orders',
        insert: true,
        webhook: receiver.url,
        timeout: '1s',
        retry: { strategy: 'fixed', delay: '1s', attempts: 1_000 },
        ...ordering,
      },
    ];
    await database.query(createOrders('orders'));
    await attachTriggers(database.url, triggers);
    const engine = await Engine.start({ url: database.url, triggers, delivery: 'webhook' });
    const pool = new pg.Pool({ connectionString: database.url, max: WRITERS });
    const others = new pg.Pool({ connectionString: database.url, max: 1 });
    const load = { pool, statements: [INSERT], perSecond: PER_SECOND, customer: zipf() };
    try {
      await writePaced({ ...load, count: WARM_UP_EVENTS });
      const [delays] = await Promise.all([
        measureDelays({
          ...load,
          receiver,
          seconds: SECONDS,
          problems,
          ...(hangs && { hangs: HANGING }),
        }),
        writePaced({
          pool: others,
          statements: [INSERT],
          perSecond: HANGING_PER_SECOND,
          count: HANGING_PER_SECOND * SECONDS,
          customer: () => HANGING,
        }),
      ]);
      return { p50: percentile(delays, 50), p99: percentile(delays, 99) };
    } finally {
      await receiver.begin();
      await pool.end();
      await others.end();
      await engine.stop();
      await database.drop();
    }
  }

  try {
    const byCustomer = { ordering: /** @type {const} */ ('row'), orderingKey: ['customer'] };
    const sides = await alternate(rounds, {
      hanging: () => measure(byCustomer, true),
      ordered: () => measure(byCustomer, false),
      unordered: () => measure({}, false),
    });
    /**
     * @param {'p50' | 'p99'} what
     * @param {keyof typeof sides} side
     */
    const of = (what, side) => sides[side].map((round) => round[what]);
    return {
      title: `order: ${KEYS} keys by Zipf's law at ${PER_SECOND} events/s, and one that hangs; ${rounds} rounds of ${SECONDS} s`,
      lines: [
        { label: 'in order: median, ms', samples: of('p50', 'ordered'), digits: 1 },
        { label: 'in order: p99, ms', samples: of('p99', 'ordered'), digits: 1 },
        {
          label: 'median in order / without order',
          samples: ratios(of('p50', 'ordered'), of('p50', 'unordered')),
          digits: 2,
          key: 'p50OfUnordered',
        },
        {
          label: 'while a key hangs: p99 of the others, ms',
          samples: of('p99', 'hanging'),
          digits: 1,
        },
        {
          label: 'p99 of the others / p99 without that',
          samples: ratios(of('p99', 'hanging'), of('p99', 'ordered')),
          digits: 2,
          key: 'p99Ratio',
          mark: { atMost: MOST },
        },
      ],
      problems,
    };
  } finally {
    await receiver.stop();
  }
}

/** Customers by Zipf's law, the same for each run: a key's share is that of one over its rank. */
function zipf() {
  const shares = Array.from({ length: KEYS }, (_, rank) => 1 / (rank + 1));
  const total = shares.reduce((sum, share) => sum + share, 0);
  const random = new Random(SEED);
  return () => {
    let left = random.next() * total;
    const rank = shares.findIndex((share) => (left -= share) < 0);
    return `00000000-0000-4000-8000-${String(Math.max(rank, 0)).padStart(12, '0')}`;
  };
}
