import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  percentile,
  placeOnScale,
  reachOfPlace,
} from '../../../lib/pipeline/record/duration-scale.js';

describe('the scale of durations', () => {
  it('has a place for each that reaches at most a fifth further', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 1_800_000, noNaN: true }), (milliseconds) => {
        const reach = reachOfPlace(placeOnScale(milliseconds));
        expect(reach).toBeGreaterThanOrEqual(milliseconds * (1 - 1e-9));
        expect(reach).toBeLessThanOrEqual(milliseconds * 1.2 * (1 + 1e-9));
      }),
    );
  });

  it('has its first place for what takes no time', () => {
    expect([0, 0.4, 1].map(placeOnScale)).toEqual([0, 0, 0]);
  });

  it('tells within what so many of all are over', () => {
    const counts = new Map([
      [placeOnScale(10), 94],
      [placeOnScale(1_000), 6],
    ]);
    expect(percentile(counts, 0.5)).toBe(Math.round(reachOfPlace(placeOnScale(10))));
    expect(percentile(counts, 0.95)).toBe(Math.round(reachOfPlace(placeOnScale(1_000))));
    expect(percentile(new Map(), 0.95)).toBeNull();
  });
});
