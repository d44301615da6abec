import type { StoredRetry } from '../attach/stored-trigger.js';

/** What failed together must not come back together; a fifth to either side, as Svix spreads its retries. */
const SPREAD = 0.2;
/** 2^40 × any delay is beyond every limit; more would only overflow. */
const MOST_DOUBLINGS = 40;

/**
 * Milliseconds to wait after so many attempts.
 *
 * Exponential delays double from `delay` up to `maxDelay`; a list gives each delay, its last one for all
 * further attempts. No delay is longer than `maxDelay`, jitter included.
 *
 * @param attemptsMade how many attempts have failed, at least 1
 */
export function retryDelay(
  policy: StoredRetry,
  attemptsMade: number,
  random: () => number = Math.random,
): number {
  const delay = plannedDelay(policy, attemptsMade);
  const spread = policy.jitter ? delay * (1 - SPREAD + 2 * SPREAD * random()) : delay;
  // Mirrored at the limit, not cut there: half of all events at it would come back in the same instant.
  return spread > policy.maxDelay ? Math.max(0, 2 * policy.maxDelay - spread) : spread;
}

function plannedDelay({ strategy, delay, maxDelay }: StoredRetry, attemptsMade: number): number {
  if (strategy === 'fixed') return delay;
  if (strategy === 'exponential') {
    return Math.min(delay * 2 ** Math.min(attemptsMade - 1, MOST_DOUBLINGS), maxDelay);
  }
  return strategy[Math.min(attemptsMade, strategy.length) - 1] ?? delay;
}
