// @ts-check
import { postBare } from '../controls/bare-loop/post-bare.mjs';
import { drainByEngine } from '../engine/drain-engine.mjs';
import { attachTriggers } from '../engine/engine.mjs';
import { createOrders } from '../orders/orders-table.mjs';
import { Receiver } from '../receiver/receiver.mjs';
import { alternate } from './alternate.mjs';

/** @typedef {import('../engine/application.mjs').TriggerDefinition} TriggerDefinition */
/** @typedef {import('../engine/application.mjs').Settings} Settings */
/** @typedef {import('../engine/stand-ins.mjs').Delivery} Delivery */
/** @typedef {import('../run-bench.mjs').Bench} Bench */
/** @typedef {{ own?: Partial<TriggerDefinition>, settings?: Settings, isHandled?: boolean, isMeasured?: boolean, delivery?: Delivery }} Way */

/**
 * The same events by several ways, in turn: each is a trigger of its own in a database of its own.
 *
 * @template {string} Side
 * @param {Bench} bench
 * @param {Record<Side, Way | 'bare'>} ways
 */
export async function drainBy({ server, rounds, events }, ways) {
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
async function drainOver(
  { own, settings, isHandled = false, isMeasured = false, delivery = 'webhook' },
  { server, receiver, events },
) {
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
      isMeasured,
      ...(settings && { settings }),
      delivery,
    });
    const { distinct } = await receiver.received();
    if (!isHandled && distinct !== events)
      drained.problems.push(`the receiver saw ${distinct} of ${events} ids`);
    return drained;
  };
}
