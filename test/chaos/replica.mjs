// @ts-check
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const FILE = fileURLToPath(new URL('dispatcher.process.mjs', import.meta.url));
const STOPS_WITHIN_MS = 15_000;

/** A process that dispatches; whatever happens to it, another one takes its place. */
export class ReplicaProcess {
  /** @type {import('node:child_process').ChildProcess | null} */
  #child = null;
  #stopping = false;

  /** @param {{ url: string, webhook: string }} terms */
  constructor(terms) {
    this.terms = terms;
  }

  /** Does nothing where one runs: of two incidents that overlap, each starts what it ended. */
  async start() {
    if (this.#child !== null || this.#stopping) return;
    const child = fork(FILE, [JSON.stringify(this.terms)], {
      stdio: ['ignore', 2, 'inherit', 'ipc'],
    });
    this.#child = child;
    child.once('exit', () => {
      if (this.#child === child) this.#child = null;
      // One that could not start, because its database was away, is started again as a supervisor does.
      if (child.signalCode === null) void pause(500).then(() => this.start());
    });
    await Promise.race([once(child, 'message'), once(child, 'exit')]);
  }

  /** @param {number} milliseconds until another one is started */
  async kill(milliseconds) {
    this.#child?.kill('SIGKILL');
    await pause(milliseconds);
    await this.start();
  }

  /** @param {number} milliseconds for which it gets no processor */
  async standStill(milliseconds) {
    const child = this.#child;
    child?.kill('SIGSTOP');
    await pause(milliseconds);
    child?.kill('SIGCONT');
  }

  async stop() {
    this.#stopping = true;
    const child = this.#child;
    if (child === null) return;
    child.kill('SIGCONT');
    const ended = once(child, 'exit');
    if (child.connected) child.send('stop');
    await Promise.race([ended, pause(STOPS_WITHIN_MS)]);
    child.kill('SIGKILL');
  }
}
