// @ts-check
import { Engine, attachTriggers } from '../engine/engine.mjs';
import { differencesOf, untilDrained } from '../engine/event-log.mjs';
import { captureOrders } from '../orders/capture-orders.mjs';
import { createOrders } from '../orders/orders-table.mjs';
import { Receiver } from '../receiver/receiver.mjs';
import { ratios } from '../report/statistics.mjs';
import { alternate } from './alternate.mjs';
import { perSecond, problemsOf } from './drained.mjs';

/**
 * Draining by one, two and three processes. On two cores that Postgres and the receiver have to share, more of them
 * can only show that they do not get in each other's way.
 *
 * @param {import('../run-bench.mjs').Bench} bench
 * @returns {Promise<import('../report/report.mjs').Report>}
 */
export async function replicas({ server, rounds, events }) {
  const receiver = await Receiver.start();
  /** @type {import('../engine/application.mjs').TriggerDefinition[]} */
  const triggers = [
    {
      name: 'order-created',
      table: 'orders',
      insert: true,
      webhook: receiver.url,
      concurrency: 64,
    },
  ];
  const template = await server.createDatabase();
  await template.query(createOrders('orders'));
  await attachTriggers(template.url, triggers);

  /** @param {number} count */
  async function drain(count) {
    const database = await server.createDatabase(template);
    await captureOrders(database.url, events);
    await receiver.begin();
    const engines = await Promise.all(
      Array.from({ length: count }, () =>
        Engine.start({ url: database.url, triggers, delivery: 'webhook' }),
      ),
    );
    try {
      const { endedAt, counts } = await untilDrained(database, events);
      const startedAt = Math.min(...engines.map((engine) => engine.startedAt));
      const { requests } = await receiver.received();
      const problems = differencesOf(counts, events);
      if (requests !== events) problems.push(`${requests} requests for ${events} events`);
      return { milliseconds: endedAt - startedAt, cpu: 0, problems };
    } finally {
      await Promise.all(engines.map((engine) => engine.stop()));
      await database.drop();
    }
  }

  try {
    const sides = await alternate(rounds, {
      one: () => drain(1),
      two: () => drain(2),
      three: () => drain(3),
    });
    const [one, two, three] = [sides.one, sides.two, sides.three].map((side) =>
      perSecond(side, events),
    );
    return {
      title: `replicas: ${events} events to a receiver, ${rounds} rounds`,
      lines: [
        { label: 'one, events/s', samples: one ?? [] },
        {
          label: 'two / one',
          samples: ratios(two ?? [], one ?? []),
          digits: 2,
          key: 'twoOfOne',
        },
        {
          label: 'three / one',
          samples: ratios(three ?? [], one ?? []),
          digits: 2,
          key: 'threeOfOne',
        },
      ],
      problems: problemsOf(sides),
    };
  } finally {
    await receiver.stop();
  }
}
