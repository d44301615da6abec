import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StoredRetry } from '../../../lib/pipeline/attach/stored-trigger.js';
import { retryDelay } from '../../../lib/pipeline/retry/backoff.js';
import { trigger } from '../support/trigger.js';

const policy = (more: Partial<StoredRetry>): StoredRetry => ({ ...trigger().retry, ...more });

describe('the delay before another attempt', () => {
  it('doubles up to its limit', () => {
    const delays = [1, 2, 3, 4, 10].map((made) =>
      retryDelay(policy({ delay: 1_000, maxDelay: 5_000 }), made),
    );
    expect(delays).toEqual([1_000, 2_000, 4_000, 5_000, 5_000]);
  });

  it('stays as it is where it is fixed, and follows a list to its last entry', () => {
    expect(retryDelay(policy({ strategy: 'fixed' }), 7)).toBe(1_000);
    const list = policy({ strategy: [5, 50, 500], maxDelay: 500 });
    expect([1, 2, 3, 9].map((made) => retryDelay(list, made))).toEqual([5, 50, 500, 500]);
  });

  it('is spread by a fifth to either side and never exceeds the limit', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.integer({ min: 100, max: 10 ** 9 }),
        fc.integer({ min: 0, max: 10 ** 9 }),
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        (made, delay, more, chance) => {
          const given = policy({ delay, maxDelay: delay + more });
          const planned = retryDelay(given, made);
          const spread = retryDelay({ ...given, jitter: true }, made, () => chance);
          expect(spread).toBeGreaterThanOrEqual(planned * 0.8 - 1e-6);
          expect(spread).toBeLessThanOrEqual(Math.min(planned * 1.2, given.maxDelay) + 1e-6);
        },
      ),
    );
  });
});
