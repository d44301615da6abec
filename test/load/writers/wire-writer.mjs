// @ts-check
import pg from 'pg';
import { readMessages, runStatement } from './wire-messages.mjs';

const STATEMENT = 'bench_write';

/**
 * A connection that runs one prepared statement again and again, each time in a transaction of its own.
 *
 * The driver connects, then we take its socket over: on two cores a client that reads results into objects
 * takes a third of the CPU, and the slower the writers are for that, the less a trigger shows.
 */
export class WireWriter {
  #client;
  #socket;
  /** @type {Buffer} */
  #rest = Buffer.alloc(0);
  /** @type {{ next: () => Buffer | undefined, resolve: () => void, reject: (error: Error) => void } | undefined} */
  #run;

  /** @param {pg.Client} client */
  constructor(client) {
    this.#client = client;
    this.#socket = /** @type {any} */ (client).connection.stream;
    this.#socket.removeAllListeners('data');
    this.#socket.on('data', (/** @type {Buffer} */ chunk) => this.#read(chunk));
    this.#client.on('error', (error) => this.#run?.reject(error));
  }

  /**
   * @param {string} url
   * @param {string} statement
   * @param {{ synchronousCommit: boolean }} options
   */
  static async open(url, statement, { synchronousCommit }) {
    const client = new pg.Client(url);
    await client.connect();
    await client.query(`set synchronous_commit = ${synchronousCommit ? 'on' : 'off'}`);
    await client.query(`prepare ${STATEMENT} as ${statement}`);
    return new WireWriter(client);
  }

  /** @param {readonly string[]} values */
  static messageOf(values) {
    return runStatement(STATEMENT, values);
  }

  /**
   * Sends what `next` returns, one after the other, until it returns nothing.
   *
   * @param {() => Buffer | undefined} next
   * @returns {Promise<void>}
   */
  run(next) {
    return new Promise((resolve, reject) => {
      this.#run = { next, resolve, reject };
      this.#sendNext();
    });
  }

  async close() {
    await this.#client.end();
  }

  #sendNext() {
    const message = this.#run?.next();
    if (message === undefined) this.#run?.resolve();
    else this.#socket.write(message);
  }

  /** @param {Buffer} chunk */
  #read(chunk) {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = readMessages(bytes, (type, content) => {
      if (type === 'E') this.#run?.reject(new Error(content.toString().replaceAll('\0', ' ')));
      // ReadyForQuery: the transaction is committed.
      if (type === 'Z') this.#sendNext();
    });
  }
}
