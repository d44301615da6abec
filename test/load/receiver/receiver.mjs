// @ts-check
import { HelperProcess } from '../processes/helper-process.mjs';

/**
 * @typedef {object} Received
 * @property {number} requests
 * @property {number} bodyBytes
 * @property {number} distinct Event ids.
 * @property {[row: number, arrivedAt: number][]} arrivals
 * @property {import('./tally.mjs').Sample} [sample] The first request.
 * @property {number} cpu Milliseconds.
 */

/** A receiver of webhooks in a process of its own. */
export class Receiver {
  /**
   * @param {HelperProcess} helper
   * @param {string} url
   */
  constructor(helper, url) {
    this.helper = helper;
    this.url = url;
  }

  static async start() {
    const helper = new HelperProcess(new URL('receiver.process.mjs', import.meta.url));
    return new Receiver(helper, await helper.ask('listen'));
  }

  /**
   * Forgets what came so far.
   *
   * @param {{ arrivals?: boolean, hangs?: string }} [options] hangs: what is in bodies that are never answered from now on
   */
  async begin({ arrivals = false, hangs } = {}) {
    await this.helper.ask('begin', { arrivals, hangs });
  }

  /** @returns {Promise<Received>} */
  async received() {
    return await this.helper.ask('tally');
  }

  async stop() {
    await this.helper.end();
  }
}
