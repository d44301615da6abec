// @ts-check
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';

/** How many sessions of dispatchers are ended at a time, at most. */
const BACKENDS_CUT = 4;

/**
 * @typedef {object} World What incidents befall.
 * @property {import('../support/postgres/start-postgres.mjs').RunningPostgres} postgres
 * @property {import('./replica.mjs').ReplicaProcess[]} replicas
 * @property {import('./silencer.mjs').Silencer} silencer
 * @property {number} connections that Postgres allows
 */

/** @type {Record<import('./schedule.mjs').Kind, (world: World, incident: import('./schedule.mjs').Incident) => Promise<unknown>>} */
const HAPPENS = {
  kill: ({ replicas }, { replica, lasts }) => of(replicas, replica).kill(lasts),
  'stand-still': ({ replicas }, { replica, lasts }) => of(replicas, replica).standStill(lasts),
  'cut-backends': ({ postgres }) =>
    using(postgres.url, (client) =>
      client.query(
        `select pg_terminate_backend(pid)
           from (select pid from pg_stat_activity where application_name = 'event-triggers' order by random() limit ${BACKENDS_CUT}) victims`,
      ),
    ),
  'crash-postgres': ({ postgres }) => postgres.restart({ mode: 'immediate' }),
  'fall-silent': async ({ silencer }) => silencer.silence(),
  'use-up-connections': async ({ postgres, connections }, { lasts }) => {
    const idle = await Promise.all(
      Array.from({ length: connections }, () => openSession(postgres.url).catch(() => null)),
    );
    await pause(lasts);
    for (const client of idle) await client?.end().catch(() => undefined);
  },
  'hold-snapshot': ({ postgres }, { lasts }) =>
    using(postgres.url, async (client) => {
      await client.query('begin isolation level repeatable read');
      await client.query('select count(*) from account');
      await pause(lasts);
      await client.query('commit');
    }),
  'hold-transaction': ({ postgres }, { lasts }) =>
    using(postgres.url, async (client) => {
      await client.query('begin');
      await client.query(
        `with i as (insert into account values (nextval('new_row'), 1, gen_random_uuid()::text) returning *)
         insert into history select * from i`,
      );
      await pause(lasts);
      await client.query('commit');
    }),
};

/**
 * Resolves when it is over. It may itself fall victim to another one.
 *
 * @param {World} world
 * @param {import('./schedule.mjs').Incident} incident
 */
export async function happen(world, incident) {
  try {
    await HAPPENS[incident.kind](world, incident);
  } catch {
    // A session that was held was ended by a crash: nothing of it is committed.
  }
}

/**
 * @template Item
 * @param {Item[]} items
 * @param {number} index
 * @returns {Item}
 */
const of = (items, index) => /** @type {Item} */ (items[index]);

/** @param {string} url */
async function openSession(url) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3_000 });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/**
 * @param {string} url
 * @param {(client: pg.Client) => Promise<unknown>} work
 */
async function using(url, work) {
  const client = await openSession(url);
  try {
    await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
