// @ts-check
import { EventTriggersService } from 'nestjs-event-triggers';
import { register } from 'prom-client';
import { attachTriggers } from '../engine/engine.mjs';
import { startApplication } from '../engine/application.mjs';
import { SCHEMA } from '../engine/event-log.mjs';
import { createOrders, insertOrders, ORDER } from '../orders/orders-table.mjs';

/** @typedef {import('../run-bench.mjs').Bench} Bench */
/** @typedef {import('../server/bench-database.mjs').BenchDatabase} BenchDatabase */
/** @typedef {import('nestjs-event-triggers').EventFilter} EventFilter */

/** Of which nearly all were delivered; some wait for another attempt, and some were given up. */
const ATTEMPTED = 1_000_000;
const RETRYING_EVERY = 100;
const DEAD_EVERY = 200;
const WAITING = 500;
/** Orders of one statement: its images stay in memory until it ends. */
const PART = 100_000;
/** How often a screen is asked for in a round; the slowest answer counts. */
const ANSWERS = 20;
const MOST_MS = 100;

/** Nobody listens on it; nothing is sent here. */
const NOWHERE = 'http://127.0.0.1:9/';
/** @type {import('../engine/application.mjs').TriggerDefinition[]} */
const TRIGGERS = [{ name: 'order-created', table: 'orders', insert: true, webhook: NOWHERE }];

const ATTEMPT = `
insert into ${SCHEMA}.attempt (trigger_id, event_id, claim, number, outcome, status, duration_ms, created_at)
select e.trigger_id, e.id, gen_random_uuid(), 1,
       (case when e.id % ${RETRYING_EVERY} = 0 then 'retry' when e.id % ${DEAD_EVERY} = 1 then 'dead' else 'delivered' end)::${SCHEMA}.outcome,
       case when e.id % ${RETRYING_EVERY} = 0 or e.id % ${DEAD_EVERY} = 1 then 500 else 200 end, 12.5, clock_timestamp()
  from ${SCHEMA}.event e`;
const COPY = 'trigger_id, id, operation, key, old, new, session, trace, created_at';
const RETRY = `
insert into ${SCHEMA}.retry (${COPY.replace(' id', ' event_id')}, attempts, due)
select ${COPY}, 1, clock_timestamp() + interval '1 hour'
  from ${SCHEMA}.event e
 where e.id % ${RETRYING_EVERY} = 0`;
const DEAD_LETTER = `
insert into ${SCHEMA}.dead_letter (${COPY.replace(' id', ' event_id')}, attempts, reason)
select ${COPY}, 1, 'exhausted'
  from ${SCHEMA}.event e
 where e.id % ${DEAD_EVERY} = 1`;
/** A day of what one replica writes down every five seconds. */
const TALLY = `
insert into ${SCHEMA}.tally (trigger_id, delivered, failed, places, counts, created_at)
select t.id, 1000, 10, array[10, 12, 14, 16, 20], array[200, 300, 300, 200, 10],
       clock_timestamp() - n * interval '5 seconds'
  from ${SCHEMA}.event_trigger t
 cross join generate_series(0, ${(24 * 3_600) / 5}) n`;
const CURSOR = `
insert into ${SCHEMA}.batch (trigger_id, id, claim, dispatcher, from_tick, to_tick, after_id, last_id, size, more)
select t.id, nextval('${SCHEMA}.batch_id'), gen_random_uuid(), gen_random_uuid(), k.id, k.id, 0, 0, 0, false
  from ${SCHEMA}.event_trigger t, (select max(id) as id from ${SCHEMA}.tick) k`;

/**
 * How long lists of events take with a million events and attempts in the log.
 *
 * @param {Bench} bench
 * @returns {Promise<import('../report/report.mjs').Report>}
 */
export async function admin({ server, rounds }) {
  const database = await server.createDatabase();
  await database.query(createOrders('orders'));
  await attachTriggers(database.url, TRIGGERS);
  await fill(database);
  const application = await startApplication({
    url: database.url,
    triggers: TRIGGERS,
    dispatcher: false,
    isMeasured: true,
  });
  try {
    const service = application.get(EventTriggersService);
    const screens = await screensOf(service, database);
    const lines = [];
    for (const [label, show] of Object.entries(screens)) {
      const samples = [];
      for (let round = 0; round < rounds; round += 1) samples.push(await slowest(show));
      lines.push({ label: `${label}, ms`, samples, digits: 1, mark: { atMost: MOST_MS } });
    }
    return {
      title: `admin: the slowest of ${ANSWERS} answers with ${ATTEMPTED + WAITING} events, ${rounds} rounds`,
      lines,
      problems: await problemsOf(service),
    };
  } finally {
    await application.close();
    await database.drop();
  }
}

/** @param {BenchDatabase} database */
async function fill(database) {
  const insert = insertOrders('orders');
  for (let done = 0; done < ATTEMPTED; done += PART) await database.query(insert, [...ORDER, PART]);
  for (const statement of [
    ATTEMPT,
    RETRY,
    DEAD_LETTER,
    TALLY,
    `select ${SCHEMA}.tick_v1()`,
    CURSOR,
  ])
    await database.query(statement);
  await database.query(insert, [...ORDER, WAITING]);
  await database.query('analyze');
}

/**
 * @param {EventTriggersService} service
 * @param {BenchDatabase} database
 * @returns {Promise<Record<string, () => Promise<unknown>>>}
 */
async function screensOf(service, database) {
  const [middle] = await database.query(
    `select e.key, to_char(e.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as created_at, e.id::text as id
       from ${SCHEMA}.event e
      order by e.id
     offset ${ATTEMPTED / 2}
      limit 1`,
  );
  const after = `${middle.id}_${middle.created_at}`;
  const to = new Date(middle.created_at);
  const [newest] = (await service.listEvents({ state: 'delivered', limit: 1 })).events;
  /** @param {EventFilter} filter */
  const list = (filter) => () => service.listEvents(filter);
  return {
    'the newest': list({}),
    'from the middle on': list({ after }),
    'of one trigger, 500': list({ trigger: 'order-created', limit: 500 }),
    waiting: list({ state: 'waiting' }),
    retrying: list({ state: 'retrying' }),
    dead: list({ state: 'dead' }),
    delivered: list({ state: 'delivered' }),
    'in flight, of which there is none': list({ state: 'in-flight' }),
    'of an operation that there is not': list({ operation: 'DELETE' }),
    'of a key in the middle': list({ key: middle.key, to: new Date(to.getTime() + 1_000) }),
    'up to a time in the middle': list({ to }),
    'the check of progress': () => service.checkProgress(),
    'a scrape of the metrics': () => register.metrics(),
    'with a path that finds nothing': list({ path: '$.new.nothing' }),
    triggers: () => service.listTriggers(),
    'dead letters by reason': () => service.groupDeadLetters(),
    'statistics of an hour': () => service.statistics(),
    'statistics of a day': () => service.statistics({ minutes: 1_440 }),
    'one event': () => service.getEvent(newest?.id ?? ''),
  };
}

/** @param {() => Promise<unknown>} show */
async function slowest(show) {
  let most = 0;
  for (let answer = 0; answer < ANSWERS; answer += 1) {
    const begun = performance.now();
    await show();
    most = Math.max(most, performance.now() - begun);
  }
  return most;
}

/** @param {EventTriggersService} service */
async function problemsOf(service) {
  const problems = [];
  for (const state of /** @type {const} */ (['waiting', 'retrying', 'dead', 'delivered'])) {
    const { events } = await service.listEvents({ state });
    if (events.length === 0 || events.some((event) => event.state !== state))
      problems.push(`the page of events that are ${state} has ${events.length} events`);
  }
  return problems;
}
