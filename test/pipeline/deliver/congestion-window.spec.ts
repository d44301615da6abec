import { describe, expect, it } from 'vitest';
import { CongestionWindow, isOverload } from '../../../lib/pipeline/deliver/congestion-window.js';

describe('how many attempts at a time a destination can take', () => {
  it('is all that are allowed, to begin with', () => {
    expect(new CongestionWindow(16).limit).toBe(16);
  });

  it('is half of what was under way, after it said that it is overloaded', () => {
    const window = new CongestionWindow(16);
    window.overloaded(0, 16, 100);
    expect(window.limit).toBe(8);
    window.overloaded(101, 6, 200);
    expect(window.limit, 'of the six that were under way').toBe(3);
  });

  it('is halved once for all attempts that were under way together', () => {
    const window = new CongestionWindow(16);
    for (let answer = 0; answer < 16; answer += 1) window.overloaded(0, 16 - answer, 100 + answer);
    expect(window.limit).toBe(8);
  });

  it('is never less than one', () => {
    const window = new CongestionWindow(2);
    for (let round = 0; round < 10; round += 1) window.overloaded(round, 1, round);
    expect(window.limit).toBe(1);
  });

  it('is one more after each round of successes, up to what is allowed', () => {
    const window = new CongestionWindow(16);
    window.overloaded(0, 8, 100);
    expect(window.limit).toBe(4);
    for (let answer = 0; answer < 5; answer += 1) window.succeeded();
    expect(window.limit, 'after about as many answers as there were slots').toBe(5);
    for (let answer = 0; answer < 500; answer += 1) window.succeeded();
    expect(window.limit).toBe(16);
  });

  it.each([
    [429, null, true],
    [429, 1_000, true],
    [503, 1_000, true],
    [503, null, false],
    [500, 1_000, false],
    [200, null, false],
    [null, null, false],
  ])('changes by the status %j with Retry-After of %j ms: %s', (status, retryAfter, changes) => {
    expect(isOverload({ status, retryAfter })).toBe(changes);
  });
});
