// @ts-check
import { createOutbox } from '../controls/skip-locked/outbox.sql.mjs';
import { drainOutbox } from '../controls/skip-locked/drain-outbox.mjs';
import { drainByEngine } from '../engine/drain-engine.mjs';
import { attachTriggers } from '../engine/engine.mjs';
import { createOrders } from '../orders/orders-table.mjs';
import { ratios } from '../report/statistics.mjs';
import { alternate } from './alternate.mjs';
import { cpuPerEvent, perEvent, perSecond, problemsOf } from './drained.mjs';

/** Nobody listens on it; the destination of this scenario is not on the network. */
const NOWHERE = 'http://127.0.0.1:9/';

/**
 * The log without HTTP: how fast events are claimed, and attempts recorded, when destinations answer at once.
 *
 * @param {import('../run-bench.mjs').Bench} bench
 * @returns {Promise<import('../report/report.mjs').Report>}
 */
export async function drainNoop({ server, rounds, events }) {
  /** @type {import('../engine/application.mjs').TriggerDefinition[]} */
  const triggers = [
    { name: 'order-created', table: 'orders', insert: true, webhook: NOWHERE, concurrency: 64 },
  ];
  const log = await server.createDatabase();
  await log.query(createOrders('orders'));
  await attachTriggers(log.url, triggers);
  const outbox = await server.createDatabase();
  await outbox.query(createOrders('orders'));
  await outbox.query(createOutbox);

  const sides = await alternate(rounds, {
    engine: () => drainByEngine({ server, template: log, triggers, delivery: 'nothing', events }),
    control: () => drainOutbox({ server, template: outbox, events }),
  });
  const engine = perSecond(sides.engine, events);
  const control = perSecond(sides.control, events);
  return {
    title: `drain-noop: ${events} events, pages of 500, ${rounds} rounds`,
    lines: [
      { label: 'engine, events/s', samples: engine, key: 'eventsPerSecond' },
      { label: 'SKIP LOCKED outbox, events/s', samples: control },
      {
        label: 'engine / SKIP LOCKED outbox',
        samples: ratios(engine, control),
        digits: 2,
        key: 'ofSkipLocked',
        mark: { atLeast: 2.5 },
      },
      {
        label: 'engine, WAL bytes/event',
        samples: perEvent(sides.engine, 'walBytes', events),
        key: 'walBytesPerEvent',
      },
      {
        label: 'SKIP LOCKED outbox, WAL bytes/event',
        samples: perEvent(sides.control, 'walBytes', events),
      },
      {
        label: 'engine, dead rows/event',
        samples: perEvent(sides.engine, 'deadRows', events),
        digits: 3,
      },
      {
        label: 'SKIP LOCKED outbox, dead rows/event',
        samples: perEvent(sides.control, 'deadRows', events),
        digits: 3,
      },
      { label: 'engine, Node CPU µs/event', samples: cpuPerEvent(sides.engine, events), digits: 1 },
      {
        label: 'SKIP LOCKED outbox, Node CPU µs/event',
        samples: cpuPerEvent(sides.control, events),
        digits: 1,
      },
    ],
    problems: problemsOf(sides),
  };
}
