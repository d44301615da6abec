// @ts-check
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { startPostgres } from '../support/postgres/start-postgres.mjs';
import { happen } from './incidents.mjs';
import { Random } from '../support/random.mjs';
import { FlakyReceiver } from './receiver.mjs';
import { REMAINDER } from './remainder.mjs';
import { ReplicaProcess } from './replica.mjs';
import { reportOf, textOf } from './report.mjs';
import { scheduleOf } from './schedule.mjs';
import { Silencer } from './silencer.mjs';
import { judge } from './verifier.mjs';
import { TABLES, Writer } from './writer.mjs';

/** Few enough that they can be used up. */
const CONNECTIONS = 60;
/** What is left when the incidents are over has to be delivered by then. */
const DRAINS_WITHIN_MS = 120_000;
/** Recovery of Postgres takes less. */
const REACHED_WITHIN_MS = 30_000;
const TRIGGERS = [
  { name: 'any', isOrdered: false },
  { name: 'ordered', isOrdered: true },
];

/**
 * @param {{ seconds: number, seed: number, replicas: number, writers: number, json: boolean }} terms
 * @returns {Promise<boolean>} whether nothing was lost, made up or turned round
 */
export async function runChaos(terms) {
  const incidents = scheduleOf(terms);
  console.log(`seed ${terms.seed}: ${incidents.length} incidents in ${terms.seconds} s`);
  const postgres = await startPostgres({ settings: { max_connections: CONNECTIONS } });
  const silencer = new Silencer(postgres);
  const receiver = new FlakyReceiver(terms.seed);
  const random = new Random(terms.seed);
  /** @type {ReplicaProcess[]} */
  const replicas = [];
  try {
    await query(postgres.url, TABLES);
    const webhook = await receiver.start();
    const silent = await silencer.start(postgres.url);
    for (let number = 0; number < terms.replicas; number += 1) {
      const replica = new ReplicaProcess({ url: number === 0 ? silent : postgres.url, webhook });
      replicas.push(replica);
      await replica.start();
    }
    const writers = Array.from(
      { length: terms.writers },
      (_, number) =>
        new Writer(postgres.url, new Random(random.between(0, 2 ** 31)), number % 2 === 1),
    );
    const writing = Promise.all(writers.map((writer) => writer.run()));
    const happened = await befall(
      { postgres, replicas, silencer, connections: CONNECTIONS },
      incidents,
      terms.seconds,
    );
    for (const writer of writers) writer.stop();
    await writing;
    receiver.isWell = true;
    const { owed, drainedIn } = await untilDelivered(postgres.url, receiver);
    if (drainedIn === null)
      for (const { line } of await query(postgres.url, REMAINDER)) console.log(line);
    const history = await query(postgres.url, 'select * from history order by row, version');
    const mayForget = incidents.some(({ kind }) => kind === 'crash-postgres');
    const verdicts = TRIGGERS.map(({ name, isOrdered }) =>
      judge(name, ofTrigger(receiver, name), history, { isOrdered, mayForget }),
    );
    const report = reportOf({
      terms,
      happened,
      writers,
      history,
      receiver,
      verdicts,
      owed,
      drainedIn,
    });
    console.log(textOf(report));
    if (terms.json) console.log(JSON.stringify(report));
    return report.passed;
  } finally {
    await Promise.all(replicas.map((replica) => replica.stop()));
    silencer.stop();
    await receiver.stop();
    await postgres.stop();
  }
}

/**
 * @param {import('./incidents.mjs').World} world
 * @param {import('./schedule.mjs').Incident[]} incidents
 * @param {number} seconds
 * @returns {Promise<{ kind: string, at: number }[]>}
 */
async function befall(world, incidents, seconds) {
  const start = performance.now();
  const happened = [];
  const underWay = [];
  for (const incident of incidents) {
    await pause(Math.max(0, start + incident.at - performance.now()));
    happened.push({ kind: incident.kind, at: performance.now() });
    const over = happen(world, incident);
    // One crash at a time: nobody restarts a server that is restarting.
    if (incident.kind === 'crash-postgres') await over;
    else underWay.push(over);
  }
  await pause(Math.max(0, start + seconds * 1_000 - performance.now()));
  await Promise.all(underWay);
  return happened;
}

/**
 * Changes that are not delivered yet, over all triggers, and milliseconds until every one was acknowledged; null if that
 * took too long.
 *
 * @param {string} url
 * @param {FlakyReceiver} receiver
 */
async function untilDelivered(url, receiver) {
  const start = performance.now();
  const tokens = (await query(url, 'select token from history')).map(({ token }) => token);
  const missing = new Map(TRIGGERS.map(({ name }) => [name, new Set(tokens)]));
  // Each entry is looked at once: the receiver lives in this process, and is to answer meanwhile.
  let looked = 0;
  let owed = null;
  while (performance.now() - start < DRAINS_WITHIN_MS) {
    for (; looked < receiver.received.length; looked += 1) {
      const { trigger, token, acknowledged } = /** @type {import('./receiver.mjs').Received} */ (
        receiver.received[looked]
      );
      if (acknowledged !== null) missing.get(trigger)?.delete(token);
    }
    const left = [...missing.values()].reduce((sum, { size }) => sum + size, 0);
    owed ??= left;
    if (left === 0) return { owed, drainedIn: performance.now() - start };
    await pause(250);
  }
  return { owed, drainedIn: null };
}

/**
 * @param {FlakyReceiver} receiver
 * @param {string} name
 */
const ofTrigger = (receiver, name) => receiver.received.filter(({ trigger }) => trigger === name);

/**
 * @param {string} url
 * @param {string} statement
 */
async function query(url, statement) {
  const deadline = performance.now() + REACHED_WITHIN_MS;
  for (;;) {
    const client = new pg.Client(url);
    client.on('error', () => undefined);
    try {
      await client.connect();
      const result = await client.query(statement);
      return result.rows ?? [];
    } catch (error) {
      // The last incident may have left no connection, or a server that recovers.
      if (performance.now() > deadline) throw error;
      await pause(250);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
