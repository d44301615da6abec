import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../../../lib/pipeline/deliver/token-bucket.js';

/** How many can be taken in each of the given milliseconds. */
function taken(bucket: TokenBucket, moments: readonly number[]): number[] {
  return moments.map((now) => {
    let count = 0;
    for (; bucket.opensIn(now) === 0; count += 1) bucket.take(now);
    return count;
  });
}

describe('a token bucket', () => {
  it('gives its burst at once, and then so many a second', () => {
    expect(taken(new TokenBucket(10, 3, 0), [0, 50, 100, 200, 1_000, 60_000])).toEqual([
      3, 0, 1, 1, 3, 3,
    ]);
  });

  it('knows rates below one a second', () => {
    const bucket = new TokenBucket(0.2, 1, 0);
    bucket.take(0);
    expect(bucket.opensIn(0)).toBe(5_000);
    expect(taken(bucket, [4_999, 5_000, 9_999, 10_000])).toEqual([0, 1, 0, 1]);
  });

  it('gives what it promised at the moment that it named', () => {
    const bucket = new TokenBucket(3, 1, 0);
    for (let now = 0, count = 0; count < 1_000; count += 1) {
      bucket.take(now);
      now += bucket.opensIn(now);
      expect(bucket.opensIn(now), `the ${count}th`).toBe(0);
    }
  });

  it('keeps to its rate over a long time, whenever it is asked', () => {
    const moments = Array.from({ length: 100_000 }, (_, index) => index * 7.3);
    const total = taken(new TokenBucket(13, 5, 0), moments).reduce((sum, count) => sum + count, 0);
    const seconds = moments.at(-1)! / 1_000;
    expect(total).toBeLessThanOrEqual(seconds * 13 + 5);
    expect(total).toBeGreaterThan(seconds * 13 - 1);
  });
});
