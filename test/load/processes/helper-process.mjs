// @ts-check
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Inherited as is, but for stdout: the last line of that belongs to the bench. */
const STDIO = /** @type {const} */ (['ignore', 2, 'inherit', 'ipc']);

/** A process of its own, so that what it costs can be told apart and nothing waits behind it. */
export class HelperProcess {
  /** @type {Map<number, { resolve: (result: any) => void, reject: (error: Error) => void }>} */
  #waiting = new Map();
  #requests = 0;
  #child;

  /** @param {URL} file a module that calls `serve` */
  constructor(file) {
    this.#child = fork(fileURLToPath(file), { stdio: [...STDIO] });
    this.#child.on('message', (message) =>
      this.#settle(/** @type {import('./serve.mjs').Reply} */ (message)),
    );
    this.#child.once('exit', (code, signal) => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`${file.pathname} ended with ${signal ?? code}`));
    });
  }

  /**
   * @param {string} task
   * @param {unknown} [parameters]
   * @returns {Promise<any>}
   */
  ask(task, parameters) {
    const id = ++this.#requests;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, task, parameters }, (error) => {
        if (error) reject(error);
      });
    });
  }

  async end() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }

  /** @param {import('./serve.mjs').Reply} reply */
  #settle(reply) {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ('failure' in reply) waiting?.reject(new Error(reply.failure));
    else waiting?.resolve(reply.result);
  }
}
