// @ts-check
import { HelperProcess } from '../processes/helper-process.mjs';

/** @typedef {import('./application.mjs').TriggerDefinition} TriggerDefinition */

const PROCESS = new URL('engine.process.mjs', import.meta.url);

/**
 * The package in a Nest application, in a process of its own.
 *
 * @param {string} url
 * @param {TriggerDefinition[]} triggers
 */
export async function attachTriggers(url, triggers) {
  const engine = new HelperProcess(PROCESS);
  try {
    await engine.ask('attach', { url, triggers });
  } finally {
    await engine.end();
  }
}

/** A replica that dispatches. */
export class Engine {
  #helper = new HelperProcess(PROCESS);
  /** When it asked for its first page, by the machine's clock. */
  startedAt = Number.NaN;

  /** @param {import('./engine.process.mjs').DispatchOptions} options */
  static async start(options) {
    const engine = new Engine();
    try {
      ({ startedAt: engine.startedAt } = await engine.#helper.ask('dispatch', options));
      return engine;
    } catch (error) {
      await engine.#helper.end();
      throw error;
    }
  }

  /** @returns {Promise<number>} milliseconds since the first claim */
  async cpu() {
    return await this.#helper.ask('cpu');
  }

  /** Shuts the application down as a deployment would. */
  async stop() {
    try {
      await this.#helper.ask('stop');
    } finally {
      await this.#helper.end();
    }
  }
}
