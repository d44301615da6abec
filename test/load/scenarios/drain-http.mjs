// @ts-check
import { postBare } from '../controls/bare-loop/post-bare.mjs';
import { drainByEngine } from '../engine/drain-engine.mjs';
import { attachTriggers } from '../engine/engine.mjs';
import { createOrders } from '../orders/orders-table.mjs';
import { Receiver } from '../receiver/receiver.mjs';
import { ratios } from '../report/statistics.mjs';
import { alternate } from './alternate.mjs';
import { cpuPerEvent, perSecond, problemsOf } from './drained.mjs';

/**
 * The whole way to a receiver: against a loop that does nothing but HTTP, and against the same engine on
 * `HttpService` as it comes.
 *
 * @param {import('../run-bench.mjs').Bench} bench
 * @returns {Promise<import('../report/report.mjs').Report>}
 */
export async function drainHttp({ server, rounds, events }) {
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

  /** @param {import('../engine/stand-ins.mjs').Delivery} delivery */
  async function engine(delivery) {
    await receiver.begin();
    const drained = await drainByEngine({ server, template, triggers, delivery, events });
    const { distinct } = await receiver.received();
    if (distinct !== events) drained.problems.push(`the receiver saw ${distinct} of ${events} ids`);
    return drained;
  }

  try {
    const sides = await alternate(rounds, {
      engine: () => engine('webhook'),
      bare: () => postBare({ receiver, events }),
      stock: () => engine('stock'),
    });
    const [rate, bare] = [perSecond(sides.engine, events), perSecond(sides.bare, events)];
    const stock = perSecond(sides.stock, events);
    return {
      title: `drain-http: ${events} events, 64 in flight, ${rounds} rounds`,
      lines: [
        { label: 'engine, events/s', samples: rate, key: 'eventsPerSecond' },
        { label: 'bare undici loop, requests/s', samples: bare },
        {
          label: 'engine / bare undici loop',
          samples: ratios(rate, bare),
          digits: 2,
          key: 'ofBareLoop',
          mark: { atLeast: 0.55 },
        },
        { label: 'engine on stock HttpService, events/s', samples: stock },
        {
          label: 'engine / engine on stock HttpService',
          samples: ratios(rate, stock),
          digits: 2,
          key: 'ofStockHttpService',
          mark: { atLeast: 4 },
        },
        {
          label: 'engine, Node CPU µs/event',
          samples: cpuPerEvent(sides.engine, events),
          digits: 1,
        },
        {
          label: 'bare undici loop, Node CPU µs/request',
          samples: cpuPerEvent(sides.bare, events),
          digits: 1,
        },
      ],
      problems: problemsOf(sides),
    };
  } finally {
    await receiver.stop();
  }
}
