// @ts-check
import { setTimeout as pause } from 'node:timers/promises';
import { now } from '../../clock.mjs';
import { cpuMilliseconds } from '../../processes/cpu.mjs';
import { serve } from '../../processes/serve.mjs';
import { BODY, HEADERS_RECEIVED, STATUS } from '../../receiver/answer.mjs';
import { OutboxWorker } from './worker.mjs';

/** The engine's default. */
const POLL_INTERVAL_MS = 5;

let stopping = false;
/** @type {Promise<void>} */
let running = Promise.resolve();

serve({
  /** Drains the outbox to a destination that answers at once. */
  async drain(/** @type {{ url: string }} */ { url }) {
    const worker = await OutboxWorker.open(url, deliverToNobody);
    try {
      const startedAt = now();
      const cpuBefore = cpuMilliseconds();
      while ((await worker.turn()) > 0);
      return { milliseconds: now() - startedAt, cpu: cpuMilliseconds() - cpuBefore };
    } finally {
      await worker.close();
    }
  },

  /** Drains whatever comes, until it is stopped. */
  async run(/** @type {{ url: string }} */ { url }) {
    const worker = await OutboxWorker.open(url, deliverToNobody);
    running = (async () => {
      while (!stopping) if ((await worker.turn()) === 0) await pause(POLL_INTERVAL_MS);
      await worker.close();
    })();
  },

  async stop() {
    stopping = true;
    await running;
  },
});

/** @type {import('./worker.mjs').DeliverFromOutbox} */
async function deliverToNobody() {
  return {
    status: STATUS,
    duration: 1,
    headers: HEADERS_RECEIVED,
    body: BODY,
    endedAt: performance.now(),
  };
}
