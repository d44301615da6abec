// @ts-check
import { postBare } from '../controls/bare-loop/post-bare.mjs';
import { drainByEngine } from '../engine/drain-engine.mjs';
import { attachTriggers } from '../engine/engine.mjs';
import { createOrders } from '../orders/orders-table.mjs';
import { Receiver } from '../receiver/receiver.mjs';
import { ratios } from '../report/statistics.mjs';
import { alternate } from './alternate.mjs';
import { cpuPerEvent, perSecond, problemsOf } from './drained.mjs';

/** @typedef {import('../engine/application.mjs').TriggerDefinition} TriggerDefinition */
/** @typedef {import('../engine/application.mjs').Settings} Settings */
/** @typedef {import('../run-bench.mjs').Bench} Bench */
/** @typedef {import('../report/report.mjs').Report} Report */
/** @typedef {{ own?: Partial<TriggerDefinition>, settings?: Settings, isHandled?: boolean }} Way */

/** Events in a request. */
const BUNDLE = 100;
const SIGNED = {
  webhookSecret: 'a secret of thirty-two characters',
  signingKeys: `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
};

/**
 * The same events by several ways, in turn: each is a trigger of its own in a database of its own.
 *
 * @template {string} Side
 * @param {Bench} bench
 * @param {Record<Side, Way | 'bare'>} ways
 */
async function drainBy({ server, rounds, events }, ways) {
  const receiver = await Receiver.start();
  try {
    /** @type {Record<string, () => Promise<import('./drained.mjs').Drained>>} */
    const sides = {};
    for (const [side, way] of Object.entries(ways)) {
      sides[side] =
        way === 'bare'
          ? () => postBare({ receiver, events })
          : await drainOver(/** @type {Way} */ (way), { server, receiver, events });
    }
    return await alternate(rounds, /** @type {Record<Side, typeof sides[string]>} */ (sides));
  } finally {
    await receiver.stop();
  }
}

/**
 * @param {Way} way
 * @param {{ server: Bench['server'], receiver: Receiver, events: number }} where
 */
async function drainOver({ own, settings, isHandled = false }, { server, receiver, events }) {
  /** @type {TriggerDefinition[]} */
  const triggers = [
    {
      name: 'order-created',
      table: 'orders',
      insert: true,
      concurrency: 64,
      ...(!isHandled && { webhook: receiver.url }),
      ...own,
    },
  ];
  const template = await server.createDatabase();
  await template.query(createOrders('orders'));
  await attachTriggers(template.url, triggers);
  return async () => {
    await receiver.begin();
    const drained = await drainByEngine({
      server,
      template,
      triggers,
      events,
      isHandled,
      ...(settings && { settings }),
      delivery: 'webhook',
    });
    const { distinct } = await receiver.received();
    if (!isHandled && distinct !== events)
      drained.problems.push(`the receiver saw ${distinct} of ${events} ids`);
    return drained;
  };
}

/**
 * With the webhook secret and a signature on each request, against a loop that does nothing but HTTP.
 *
 * @param {Bench} bench
 * @returns {Promise<Report>}
 */
export async function drainSigned(bench) {
  const { rounds, events } = bench;
  const sides = await drainBy(bench, { signed: { settings: SIGNED }, bare: 'bare' });
  const [rate, bare] = [perSecond(sides.signed, events), perSecond(sides.bare, events)];
  return {
    title: `drain-signed: ${events} events with secret and signature, 64 in flight, ${rounds} rounds`,
    lines: [
      { label: 'engine, events/s', samples: rate, key: 'eventsPerSecond' },
      { label: 'bare undici loop, requests/s', samples: bare },
      {
        label: 'engine / bare undici loop',
        samples: ratios(rate, bare),
        digits: 2,
        key: 'ofBareLoop',
        mark: { atLeast: 0.5 },
      },
    ],
    problems: problemsOf(sides),
  };
}

/**
 * A hundred events in a request, against a request for each.
 *
 * @param {Bench} bench
 * @returns {Promise<Report>}
 */
export async function bundles(bench) {
  return await against(bench, `bundles of ${BUNDLE}`, { own: { bundle: BUNDLE } });
}

/**
 * A method of the application, against a request for each.
 *
 * @param {Bench} bench
 * @returns {Promise<Report>}
 */
export async function handler(bench) {
  return await against(bench, 'handler: a method of the application', { isHandled: true });
}

/**
 * @param {Bench} bench
 * @param {string} title
 * @param {Way} way
 * @returns {Promise<Report>}
 */
async function against(bench, title, way) {
  const { rounds, events } = bench;
  const sides = await drainBy(bench, { way, single: {} });
  const [rate, single] = [perSecond(sides.way, events), perSecond(sides.single, events)];
  return {
    title: `${title}: ${events} events, ${rounds} rounds`,
    lines: [
      { label: 'this way, events/s', samples: rate, key: 'eventsPerSecond' },
      { label: 'a request for each, events/s', samples: single },
      {
        label: 'this way / a request for each',
        samples: ratios(rate, single),
        digits: 2,
        key: 'ofSingle',
      },
      { label: 'this way, Node CPU µs/event', samples: cpuPerEvent(sides.way, events), digits: 1 },
      {
        label: 'a request for each, Node CPU µs/event',
        samples: cpuPerEvent(sides.single, events),
        digits: 1,
      },
    ],
    problems: problemsOf(sides),
  };
}
