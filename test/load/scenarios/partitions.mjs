// @ts-check
import { drainByEngine } from '../engine/drain-engine.mjs';
import { SCHEMA } from '../engine/event-log.mjs';
import { attachTriggers } from '../engine/engine.mjs';
import { createOrders } from '../orders/orders-table.mjs';
import { ratios } from '../report/statistics.mjs';
import { alternate } from './alternate.mjs';
import { perSecond, problemsOf } from './drained.mjs';

/** Nobody listens on it; the destination of this scenario is not on the network. */
const NOWHERE = 'http://127.0.0.1:9/';
/** What a log has at the defaults: a week of days, some ahead, the default one. */
const MANY = 12;

/** Every partition of a log but the default one. */
const PARTITIONS = `
select c.oid::regclass::text as name
  from pg_inherits i
  join pg_class c on c.oid = i.inhrelid
 where i.inhparent = $1::regclass
   and pg_get_expr(c.relpartbound, c.oid) <> 'DEFAULT'`;

/**
 * What the number of partitions of the event log costs: each claim walks along indexes of all of them.
 *
 * @param {import('../run-bench.mjs').Bench} bench
 * @returns {Promise<import('../report/report.mjs').Report>}
 */
export async function partitions({ server, rounds, events }) {
  /** @type {import('../engine/application.mjs').TriggerDefinition[]} */
  const triggers = [
    { name: 'order-created', table: 'orders', insert: true, webhook: NOWHERE, concurrency: 64 },
  ];

  /** @param {number} count */
  async function template(count) {
    const database = await server.createDatabase();
    await database.query(createOrders('orders'));
    await attachTriggers(database.url, triggers);
    const log = `${SCHEMA}.event`;
    for (const { name } of await database.query(PARTITIONS, [log]))
      await database.query(`drop table ${name}`);
    for (let age = 1; age < count; age += 1) {
      const day = `date_trunc('day', now() at time zone 'UTC') - interval '${age} days'`;
      const [bounds] = await database.query(
        `select (${day})::text || '+00' as starts, (${day} + interval '1 day')::text || '+00' as ends`,
      );
      await database.query(
        `create table ${SCHEMA}.event_before_${age} partition of ${log} for values from ('${bounds.starts}') to ('${bounds.ends}')`,
      );
    }
    return database;
  }

  const [many, one] = [await template(MANY), await template(1)];
  const drain = (/** @type {import('../server/bench-database.mjs').BenchDatabase} */ of) =>
    drainByEngine({ server, template: of, triggers, delivery: 'nothing', events });
  const sides = await alternate(rounds, { many: () => drain(many), one: () => drain(one) });
  const [manyRate, oneRate] = [perSecond(sides.many, events), perSecond(sides.one, events)];
  return {
    title: `partitions: ${MANY} of the event log against 1, ${events} events without HTTP, ${rounds} rounds`,
    lines: [
      { label: `${MANY} partitions, events/s`, samples: manyRate },
      { label: '1 partition, events/s', samples: oneRate },
      {
        label: `${MANY} / 1`,
        samples: ratios(manyRate, oneRate),
        digits: 2,
        key: 'manyOfOne',
        mark: { atLeast: 0.9 },
      },
    ],
    problems: problemsOf(sides),
  };
}
