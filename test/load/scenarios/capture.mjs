// @ts-check
import { createMinimalOutbox } from '../controls/minimal-outbox.sql.mjs';
import { attachTriggers } from '../engine/engine.mjs';
import { now } from '../clock.mjs';
import {
  assertOrderSize,
  createOrders,
  insertOrder,
  insertOrders,
  ORDER,
} from '../orders/orders-table.mjs';
import { ratios } from '../report/statistics.mjs';
import { writeLoad } from '../writers/write-load.mjs';
import { alternate } from './alternate.mjs';

/** Nobody dispatches while writes are measured. */
const NOWHERE = 'http://127.0.0.1:9/';
/** A side is measured in slices, which take turns: what the machine does meanwhile falls on all sides. */
const SLICE_MS = 500;
const SLICES_PER_ROUND = 10;
const BULK_ROWS = 20_000;
/** Rows that are updated, enough that writers do not wait for each other's locks. */
const UPDATED_ROWS = 10_000;

const UPDATE = (/** @type {string} */ table) =>
  `update ${table} set note = $1 where id = $2::bigint`;

/**
 * What a trigger costs the writer: rows one by one, in bulk, and updates that do not match.
 *
 * @param {import('../run-bench.mjs').Bench} bench
 * @returns {Promise<import('../report/report.mjs').Report>}
 */
export async function capture({ server, rounds }) {
  const database = await server.createDatabase();
  await assertOrderSize(database);
  for (const table of ['untouched', 'by_hand', 'orders']) await database.query(createOrders(table));
  await database.query(createMinimalOutbox('by_hand'));
  await attachTriggers(database.url, [
    { name: 'order-created', table: 'orders', insert: true, webhook: NOWHERE },
  ]);
  const updates = await server.createDatabase();
  await prepareUpdates(updates);
  await attachTriggers(updates.url, [
    { name: 'order-paid', table: 'orders', update: { columns: ['status'] }, webhook: NOWHERE },
  ]);

  const single = (/** @type {string} */ table) => singleInserts(database.url, table);
  const bulk = (/** @type {string} */ table) => bulkInsert(database, table);
  const update = (/** @type {string} */ table) => singleUpdates(updates.url, table);
  const slices = await alternate(rounds * SLICES_PER_ROUND, {
    singleNone: () => single('untouched'),
    singleMinimal: () => single('by_hand'),
    singleOurs: () => single('orders'),
    bulkNone: () => bulk('untouched'),
    bulkOurs: () => bulk('orders'),
    updateNone: () => update('untouched'),
    updateOurs: () => update('orders'),
  });
  const sides = byRound(slices);
  return {
    title: `capture: one trigger, eight columns, 8 writers, synchronous commit, ${rounds} rounds`,
    lines: [
      { label: 'single inserts without a trigger, per second', samples: sides.singleNone },
      { label: 'single inserts, outbox by hand, per second', samples: sides.singleMinimal },
      { label: 'single inserts, captured, per second', samples: sides.singleOurs },
      {
        label: 'captured / without a trigger',
        samples: ratios(sides.singleOurs, sides.singleNone),
        digits: 2,
        key: 'singleInsertOfNoTrigger',
        mark: { atLeast: 0.62 },
      },
      {
        label: 'captured / outbox by hand',
        samples: ratios(sides.singleOurs, sides.singleMinimal),
        digits: 2,
        key: 'singleInsertOfMinimalOutbox',
        mark: { atLeast: 0.85 },
      },
      {
        label: `insert of ${BULK_ROWS} rows, captured / without a trigger`,
        samples: ratios(sides.bulkOurs, sides.bulkNone),
        digits: 2,
        key: 'bulkInsertOfNoTrigger',
      },
      {
        label: 'updates that do not match, captured / without a trigger',
        samples: ratios(sides.updateOurs, sides.updateNone),
        digits: 2,
        key: 'unmatchedUpdateOfNoTrigger',
        mark: { atLeast: 0.95 },
      },
    ],
    problems: await differences(database, updates),
  };
}

/**
 * The mean of the slices of a round.
 *
 * @template {string} Side
 * @param {Record<Side, number[]>} slices
 * @returns {Record<Side, number[]>}
 */
function byRound(slices) {
  const means = Object.entries(slices).map(([side, values]) => {
    const samples = /** @type {number[]} */ (values);
    const rounds = Array.from({ length: samples.length / SLICES_PER_ROUND }, (_, round) => {
      const own = samples.slice(round * SLICES_PER_ROUND, (round + 1) * SLICES_PER_ROUND);
      return own.reduce((sum, value) => sum + value, 0) / own.length;
    });
    return [side, rounds];
  });
  return Object.fromEntries(means);
}

/** @param {import('../server/bench-database.mjs').BenchDatabase} database */
async function prepareUpdates(database) {
  for (const table of ['untouched', 'orders']) {
    await database.query(createOrders(table));
    await database.query(insertOrders(table), [...ORDER, UPDATED_ROWS]);
  }
  await database.query('vacuum analyze');
}

/**
 * @param {string} url
 * @param {string} table
 */
async function singleInserts(url, table) {
  const { perSecond } = await writeLoad({
    url,
    statement: insertOrder(table),
    values: () => [ORDER],
    synchronousCommit: true,
    until: { milliseconds: SLICE_MS },
  });
  return perSecond;
}

/**
 * @param {string} url
 * @param {string} table
 */
async function singleUpdates(url, table) {
  const { perSecond } = await writeLoad({
    url,
    statement: UPDATE(table),
    values: (writer) =>
      Array.from({ length: 1_000 }, (_, place) => [
        `note ${place}`,
        String(1 + ((writer * 1_250 + place) % UPDATED_ROWS)),
      ]),
    synchronousCommit: true,
    until: { milliseconds: SLICE_MS },
  });
  return perSecond;
}

/**
 * @param {import('../server/bench-database.mjs').BenchDatabase} database
 * @param {string} table
 */
async function bulkInsert(database, table) {
  const startedAt = now();
  await database.query(insertOrders(table), [...ORDER, BULK_ROWS]);
  return (BULK_ROWS * 1_000) / (now() - startedAt);
}

/**
 * @param {import('../server/bench-database.mjs').BenchDatabase} database
 * @param {import('../server/bench-database.mjs').BenchDatabase} updates
 */
async function differences(database, updates) {
  const [inserted] = await database.query(
    `select (select count(*) from orders)::integer as rows, (select count(*) from event_triggers.event)::integer as events`,
  );
  const [updated] = await updates.query(
    'select count(*)::integer as events from event_triggers.event',
  );
  const problems = [];
  if (inserted.rows !== inserted.events)
    problems.push(`${inserted.events} events of ${inserted.rows} inserted rows`);
  if (updated.events !== 0) problems.push(`${updated.events} events of updates that do not match`);
  return problems;
}
