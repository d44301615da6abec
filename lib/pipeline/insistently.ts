import { setTimeout as sleep } from 'node:timers/promises';
import { pauseAfter } from './dispatcher-failure.js';

/** Does `work` again while it fails, for so many milliseconds; rejects with the last error. */
export async function insistently(milliseconds: number, work: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + milliseconds;
  for (let failures = 1; ; failures += 1) {
    try {
      await work();
      return;
    } catch (error) {
      const pause = pauseAfter(failures);
      if (performance.now() + pause > deadline) throw error;
      await sleep(pause);
    }
  }
}
