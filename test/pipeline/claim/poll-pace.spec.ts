import { describe, expect, it } from 'vitest';
import { PollPace } from '../../../lib/pipeline/claim/poll-pace.js';

/** Later than any dispatcher expects another event at once. */
const LONG_AFTER = 10_000;

/** The pauses of an application in which nothing happens. */
const pauses = (pace: PollPace, count: number, now: number): number[] =>
  Array.from({ length: count }, () => pace.next(now));

describe('the pace of polling', () => {
  it('is full speed from the start and for a while after each event', () => {
    const pace = new PollPace(5, 0);
    expect(pauses(pace, 3, 1_999)).toEqual([5, 5, 5]);
    pace.awaken(2_000);
    expect(pauses(pace, 3, 3_999)).toEqual([5, 5, 5]);
  });

  it('slows down by half with each question into silence, until it asks three times a second', () => {
    const pace = new PollPace(5, 0);
    expect(pauses(pace, 8, LONG_AFTER)).toEqual([10, 20, 40, 80, 160, 320, 400, 400]);
  });

  it('is full speed again with the first event', () => {
    const pace = new PollPace(5, 0);
    pauses(pace, 6, LONG_AFTER);
    pace.awaken(LONG_AFTER);
    expect(pace.next(LONG_AFTER)).toBe(5);
  });

  it('slows down where the wish was no pause at all', () => {
    const pace = new PollPace(0, 0);
    expect(pace.next(0)).toBe(0);
    expect(pauses(pace, 3, LONG_AFTER)).toEqual([1, 2, 4]);
  });

  it('never gets faster by sleeping where the wish was a longer pause', () => {
    expect(pauses(new PollPace(500, 0), 2, LONG_AFTER)).toEqual([500, 500]);
  });
});
