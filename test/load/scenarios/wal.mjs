// @ts-check
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { now } from '../clock.mjs';
import { createOutbox } from '../controls/skip-locked/outbox.sql.mjs';
import { Outbox } from '../controls/skip-locked/drain-outbox.mjs';
import { attachTriggers, Engine } from '../engine/engine.mjs';
import { untilDrained } from '../engine/event-log.mjs';
import { createOrders, insertOrders, ORDER } from '../orders/orders-table.mjs';
import { ratios } from '../report/statistics.mjs';
import { alternate } from './alternate.mjs';

/** Nobody listens on it; the destination of this scenario is not on the network. */
const NOWHERE = 'http://127.0.0.1:9/';
const PER_SECOND = 5_000;
/** Rows of one transaction. */
const ROWS = 10;
const WRITERS = 4;
/** Until every page that is written to has been written since the checkpoint: its image is in the log then. */
const WARM_UP_SECONDS = 5;
const SECONDS = 10;
/** Ten times what is written in a phase. */
const LONGEST_DRAIN_MS = 100_000;
/** What an event may take beside its images, and of what the textbook takes. */
const [MOST_BYTES, MOST_OF_CONTROL] = /** @type {const} */ ([650, 0.75]);

/** @typedef {import('../server/bench-database.mjs').BenchDatabase} BenchDatabase */
/** Whoever delivers what is captured. `idle` resolves when all of so many events is. */
/** @typedef {{ idle: (events: number) => Promise<unknown>, stop: () => Promise<void> }} Consumer */

/**
 * Write-ahead log per event from its capture to its recorded delivery, while 5,000 a second come and go: what the
 * writers write for themselves is measured in a run of its own and taken off.
 *
 * @param {import('../run-bench.mjs').Bench} bench
 * @returns {Promise<import('../report/report.mjs').Report>}
 */
export async function wal({ server, rounds }) {
  /** @type {import('../engine/application.mjs').TriggerDefinition[]} */
  const triggers = [
    { name: 'order-created', table: 'orders', insert: true, webhook: NOWHERE, concurrency: 64 },
  ];
  let imageBytes = Number.NaN;

  /**
   * @param {(database: BenchDatabase) => Promise<unknown>} prepare
   * @param {(database: BenchDatabase) => Promise<Consumer>} consume
   */
  async function measure(prepare, consume) {
    const database = await server.createDatabase();
    await database.query(createOrders('orders'));
    await prepare(database);
    const consumer = await consume(database);
    const pool = new pg.Pool({ connectionString: database.url, max: WRITERS });
    try {
      const settled = await writeBulk(pool, WARM_UP_SECONDS);
      await consumer.idle(settled);
      await database.query('checkpoint');
      const warm = settled + (await writeBulk(pool, WARM_UP_SECONDS));
      await consumer.idle(warm);
      const before = await database.walBytes();
      const events = await writeBulk(pool, SECONDS);
      await consumer.idle(warm + events);
      return ((await database.walBytes()) - before) / events;
    } finally {
      await pool.end();
      await consumer.stop();
      await database.drop();
    }
  }

  const sides = await alternate(rounds, {
    engine: () =>
      measure(
        (database) => attachTriggers(database.url, triggers),
        async (database) => {
          const engine = await Engine.start({ url: database.url, triggers, delivery: 'nothing' });
          return {
            idle: (events) => untilDrained(database, events),
            // When nothing is measured any more: it reads the whole log.
            async stop() {
              const [row] = await database.query(
                `select avg(coalesce(octet_length(old::text), 0) + coalesce(octet_length(new::text), 0))::float8 as bytes
                   from event_triggers.event`,
              );
              imageBytes = Number(row?.bytes);
              await engine.stop();
            },
          };
        },
      ),
    control: () =>
      measure(
        (database) => database.query(createOutbox),
        async (database) => {
          // Its plans are made from statistics, where the engine's are not.
          await database.query(insertOrders('orders'), [...ORDER, PER_SECOND]);
          await database.query('analyze outbox');
          const outbox = await Outbox.start(database.url);
          return { idle: () => untilEmpty(database), stop: () => outbox.stop() };
        },
      ),
    writers: () =>
      measure(
        async () => undefined,
        async () => ({ idle: async () => undefined, stop: async () => undefined }),
      ),
  });
  const own = (/** @type {readonly number[]} */ samples) =>
    samples.map((bytes, round) => bytes - (sides.writers[round] ?? Number.NaN));
  const [engine, control] = [own(sides.engine), own(sides.control)];
  return {
    title: `wal: ${PER_SECOND} events/s for ${SECONDS} s, images of ${Math.round(imageBytes)} bytes, ${rounds} rounds`,
    lines: [
      { label: 'the writers alone, bytes/row', samples: sides.writers },
      { label: 'engine beside them, bytes/event', samples: engine, key: 'bytesPerEvent' },
      {
        label: 'engine without the images, bytes/event',
        samples: engine.map((bytes) => bytes - imageBytes),
        key: 'bytesBesideImages',
        mark: { atMost: MOST_BYTES },
      },
      { label: 'SKIP LOCKED outbox beside them, bytes/event', samples: control },
      {
        label: 'engine / SKIP LOCKED outbox',
        samples: ratios(engine, control),
        digits: 2,
        key: 'ofSkipLocked',
        mark: { atMost: MOST_OF_CONTROL },
      },
    ],
    problems: [],
  };
}

/**
 * At a pace, in transactions of a few rows. Returns how many rows there were.
 *
 * @param {pg.Pool} pool
 * @param {number} seconds
 */
async function writeBulk(pool, seconds) {
  const startedAt = now();
  const transactions = (PER_SECOND * seconds) / ROWS;
  const statement = { name: 'insert', text: insertOrders('orders'), values: [...ORDER, ROWS] };
  const writes = [];
  for (let place = 0; place < transactions; place += 1) {
    const due = startedAt + (place * ROWS * 1_000) / PER_SECOND;
    if (due > now()) await pause(due - now());
    writes.push(pool.query(statement));
  }
  await Promise.all(writes);
  return transactions * ROWS;
}

/** @param {BenchDatabase} database */
async function untilEmpty(database) {
  const deadline = now() + LONGEST_DRAIN_MS;
  for (;;) {
    if (now() > deadline) throw new Error('The outbox was not drained');
    const [row] = await database.query(
      `select exists (select from outbox where state <> 'done') as busy`,
    );
    if (row?.busy !== true) return;
    await pause(100);
  }
}
