// @ts-check
import { captureOrders } from '../orders/capture-orders.mjs';
import { Engine } from './engine.mjs';
import { differencesOf, SCHEMA, untilDrained } from './event-log.mjs';

/** @typedef {import('../scenarios/drained.mjs').Drained} Drained */

/**
 * One round: events are captured, then an application starts and drains them.
 *
 * The clock runs from its first claim to the moment at which all of it can be read in the attempt log.
 *
 * @param {object} options
 * @param {import('../server/bench-server.mjs').BenchServer} options.server
 * @param {import('../server/bench-database.mjs').BenchDatabase} options.template where the triggers are attached
 * @param {import('./application.mjs').TriggerDefinition[]} options.triggers
 * @param {import('./stand-ins.mjs').Delivery} options.delivery
 * @param {number} options.events
 * @param {import('./application.mjs').Settings} [options.settings]
 * @param {boolean} [options.isHandled]
 * @param {boolean} [options.isMeasured]
 * @returns {Promise<Drained>}
 */
export async function drainByEngine({
  server,
  template,
  triggers,
  delivery,
  events,
  settings,
  isHandled,
  isMeasured,
}) {
  const database = await server.createDatabase(template);
  try {
    await captureOrders(database.url, events);
    const walBefore = await database.walBytes();
    const engine = await Engine.start({
      url: database.url,
      triggers,
      delivery,
      settings,
      isHandled,
      isMeasured,
    });
    const { endedAt, counts } = await untilDrained(database, events, isHandled).catch(
      async (error) => {
        await engine.stop();
        throw error;
      },
    );
    const walBytes = (await database.walBytes()) - walBefore;
    const cpu = await engine.cpu();
    await engine.stop();
    return {
      milliseconds: endedAt - engine.startedAt,
      cpu,
      walBytes,
      deadRows: await database.deadRows(SCHEMA),
      problems: differencesOf(counts, events),
    };
  } finally {
    await database.drop();
  }
}
