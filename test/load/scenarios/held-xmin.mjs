// @ts-check
import pg from 'pg';
import { now } from '../clock.mjs';
import { attachTriggers, Engine } from '../engine/engine.mjs';
import { SCHEMA, untilDrained } from '../engine/event-log.mjs';
import { captureOrders } from '../orders/capture-orders.mjs';
import { createOrders, insertOrder, ORDER } from '../orders/orders-table.mjs';
import { writePaced } from './commit-to-request.mjs';

/** Nobody listens on it; the destination of this scenario is not on the network. */
const NOWHERE = 'http://127.0.0.1:9/';
/** As a backup or a forgotten session holds it, and what is written meanwhile. */
const HELD_SECONDS = 300;
const PER_SECOND = 400;
const WRITERS = 4;
/** So much of the speed is left, and so few rows die for an event. */
const [LEAST, MOST_DEAD] = /** @type {const} */ ([0.9, 0.02]);
/** What an event may cost Postgres at the end, where each fifth attempt fails and leaves dead rows. */
const MOST_CPU = 2;

/** @type {(string | pg.QueryConfig)[]} */
const SNAPSHOT = ['begin isolation level repeatable read', 'select count(*) from orders'];

/** @typedef {import('../server/bench-database.mjs').BenchDatabase} BenchDatabase */

/**
 * What it costs that somebody holds an old snapshot, or has an open writing transaction, while events come and go:
 * nothing that died since can be cleaned up. One round, whatever is asked for: it takes seventeen minutes.
 *
 * @param {import('../run-bench.mjs').Bench} bench
 * @returns {Promise<import('../report/report.mjs').Report>}
 */
export async function heldXmin({ server, events }) {
  const snapshot = await measure(server, events, SNAPSHOT);
  const writer = await measure(server, events, [
    'begin',
    { text: insertOrder('orders'), values: ORDER },
  ]);
  const failing = await measure(server, events, SNAPSHOT, 'failing');
  return {
    title: `held-xmin: ${HELD_SECONDS} s at ${PER_SECOND} events/s, then ${events} events drained`,
    lines: [
      { label: 'drained before, events/s', samples: [snapshot.before, writer.before] },
      {
        label: 'under an old snapshot / before',
        samples: [snapshot.after / snapshot.before],
        digits: 2,
        key: 'snapshotOfBefore',
        mark: { atLeast: LEAST },
      },
      {
        label: 'with an old writer / before',
        samples: [writer.after / writer.before],
        digits: 2,
        key: 'writerOfBefore',
        mark: { atLeast: LEAST },
      },
      {
        label: 'dead rows of the engine/event',
        samples: [snapshot.deadRows, writer.deadRows],
        digits: 3,
        key: 'deadRowsPerEvent',
        mark: { atMost: MOST_DEAD },
      },
      {
        label: 'a fifth of the attempts fails: Postgres CPU/event, of before',
        samples: [failing.cpuAfter / failing.cpuBefore],
        digits: 2,
        key: 'cpuWhereSomeFail',
        mark: { atMost: MOST_CPU },
      },
    ],
    problems: [],
  };
}

/**
 * @param {import('../server/bench-server.mjs').BenchServer} server
 * @param {number} events
 * @param {(string | pg.QueryConfig)[]} holding what a session does and then leaves open
 * @param {'nothing' | 'failing'} [delivery]
 */
async function measure(server, events, holding, delivery = 'nothing') {
  const database = await server.createDatabase();
  /** @type {import('../engine/application.mjs').TriggerDefinition[]} */
  const triggers = [
    {
      name: 'order-created',
      table: 'orders',
      insert: true,
      webhook: NOWHERE,
      concurrency: 64,
      breaker: false,
      retry: { strategy: 'fixed', delay: '1s' },
    },
  ];
  await database.query(createOrders('orders'));
  await attachTriggers(database.url, triggers);
  const engine = await Engine.start({ url: database.url, triggers, delivery });
  const holder = new pg.Client(database.url);
  const pool = new pg.Pool({ connectionString: database.url, max: WRITERS });
  try {
    // Not the first: the tables were empty.
    await drained(database, events, 0);
    const cpuAtFirst = await server.cpu();
    const before = await drained(database, events, events);
    const cpuBefore = ((await server.cpu()) - cpuAtFirst) / events;
    await holder.connect();
    for (const statement of holding) await holder.query(statement);
    const count = PER_SECOND * HELD_SECONDS;
    const statements = [`${insertOrder('orders')} returning id`];
    await writePaced({ pool, statements, perSecond: PER_SECOND, count });
    await untilDrained(database, 2 * events + count);
    const cpuAtLast = await server.cpu();
    const after = await drained(database, events, 2 * events + count);
    const cpuAfter = ((await server.cpu()) - cpuAtLast) / events;
    const deadRows = (await database.deadRows(SCHEMA)) / (3 * events + count);
    return { before, after, deadRows, cpuBefore, cpuAfter };
  } finally {
    await holder.end();
    await pool.end();
    await engine.stop();
    await database.drop();
  }
}

/**
 * Events a second, captured while they are drained.
 *
 * @param {BenchDatabase} database
 * @param {number} events
 * @param {number} earlier
 */
async function drained(database, events, earlier) {
  const startedAt = now();
  await captureOrders(database.url, events);
  const { endedAt } = await untilDrained(database, events + earlier);
  return (events / (endedAt - startedAt)) * 1_000;
}
