// @ts-check
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Random } from '../support/random.mjs';

/**
 * One request as it came in. `acknowledged`: when it was answered with success, null if it was not.
 *
 * @typedef {{ trigger: string, id: string, row: number, version: number, token: string, at: number,
 *   acknowledged: number | null }} Received
 */

/** Longer than a trigger waits. */
const HANGS_MS = 3_000;
const [QUICK_MS, SLOW_MS] = /** @type {const} */ ([3, 150]);

/** A receiver that fails, hangs, breaks off and is slow, and writes down everything that it gets. */
export class FlakyReceiver {
  /** @type {Received[]} */
  received = [];
  /** From now on it answers everything at once. */
  isWell = false;
  #random;
  #server = createServer((request, response) => void this.#answer(request, response));

  /** @param {number} seed */
  constructor(seed) {
    this.#random = new Random(seed);
  }

  async start() {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const { port } = /** @type {import('node:net').AddressInfo} */ (this.#server.address());
    return `http://127.0.0.1:${port}/`;
  }

  async stop() {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  /**
   * @param {import('node:http').IncomingMessage} request
   * @param {import('node:http').ServerResponse} response
   */
  async #answer(request, response) {
    const chunks = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return;
    }
    const entry = read(Buffer.concat(chunks).toString('utf8'));
    this.received.push(entry);
    const luck = this.isWell ? 1 : this.#random.next();
    if (luck < 0.02) return void setTimeout(() => response.destroy(), HANGS_MS);
    if (luck < 0.04) return void response.destroy();
    if (luck < 0.1) return void response.writeHead(503).end();
    // It has done its work when it answers late.
    entry.acknowledged = performance.now();
    const delay = luck < 0.12 ? SLOW_MS : QUICK_MS;
    setTimeout(() => response.writeHead(200).end(), this.isWell ? 0 : delay);
  }
}

/**
 * @param {string} body
 * @returns {Received}
 */
function read(body) {
  const { id, trigger, event } = JSON.parse(body);
  const { op, data } = event;
  const { row, version, token } = data.new ?? data.old;
  // A deletion is the version after the last one, under a token of its own.
  return op === 'DELETE'
    ? { trigger: trigger.name, id, row, version: version + 1, token: `${token}-`, ...NOW() }
    : { trigger: trigger.name, id, row, version, token, ...NOW() };
}

const NOW = () => ({ at: performance.now(), acknowledged: /** @type {number | null} */ (null) });
