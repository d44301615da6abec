import type { StoredRetry } from '../attach/stored-trigger.js';

/** Half of the delay is fixed and half is random: attempts spread out, and none comes at once. */
const CERTAIN_PART = 0.5;
/** Fixed delays and lists say what somebody chose; they vary by a fifth, as Svix does it. */
const SPREAD = 0.2;
/** 2^40 × any delay is beyond every limit; more would only overflow. */
const MOST_DOUBLINGS = 40;

/**
 * Milliseconds to wait after so many attempts.
 *
 * Exponential delays double from `delay` to `maxDelay` with "equal jitter" (Brooker, "Exponential Backoff
 * And Jitter", AWS Architecture Blog, 2015); a list gives each delay, its last one for all further attempts.
 *
 * @param attemptsMade how many attempts have failed, at least 1
 */
export function retryDelay(
  policy: StoredRetry,
  attemptsMade: number,
  random: () => number = Math.random,
): number {
  const { strategy, delay, maxDelay, jitter } = policy;
  if (strategy === 'exponential') {
    const grown = Math.min(delay * 2 ** Math.min(attemptsMade - 1, MOST_DOUBLINGS), maxDelay);
    return jitter ? grown * (CERTAIN_PART + (1 - CERTAIN_PART) * random()) : grown;
  }
  const chosen = strategy === 'fixed' ? delay : listed(strategy, attemptsMade);
  const varied = jitter ? chosen * (1 - SPREAD + 2 * SPREAD * random()) : chosen;
  return Math.min(varied, maxDelay);
}

function listed(delays: readonly number[], attemptsMade: number): number {
  return delays[Math.min(attemptsMade, delays.length) - 1] ?? 0;
}
