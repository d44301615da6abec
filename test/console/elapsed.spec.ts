import { describe, expect, it } from 'vitest';
import {
  countdownText,
  distanceText,
  durationText,
  spanText,
} from '../../lib/console/web/elapsed.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('how times are told', () => {
  it('names two units at most', () => {
    expect(
      [0, 59_999, MINUTE, HOUR, 2 * HOUR + 10 * MINUTE, 4 * DAY + 3 * HOUR].map(spanText),
    ).toEqual(['0 s', '59 s', '1 min', '1 h', '2 h 10 min', '4 d 3 h']);
  });

  it('tells what was and what will be', () => {
    expect(distanceText(1_000, 1_500)).toBe('just now');
    expect(distanceText(0, 3 * MINUTE)).toBe('3 min ago');
    expect(distanceText(12_000, 0)).toBe('in 12 s');
  });

  it('counts down to the moment itself, and no further', () => {
    expect(countdownText(2_001, 1_000), 'a little more than a second').toBe('in 2 s');
    expect(countdownText(1_000, 1_000)).toBe('due now');
    expect(countdownText(0, 5_000)).toBe('due now');
  });

  it('tells how long an attempt took in the unit that fits', () => {
    expect([7.6, 999, 1_254, 30_000, 90_000].map(durationText)).toEqual([
      '8 ms',
      '999 ms',
      '1.25 s',
      '30 s',
      '1 min',
    ]);
  });
});
