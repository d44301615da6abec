import { describe, expect, it } from 'vitest';
import { failureOf, pauseAfter } from '../../lib/pipeline/dispatcher-failure.js';

const LONGEST_MS = 5_000;

describe('a failed turn', () => {
  it.each([
    ['a lease that has run out', { code: 'ET005' }, { kind: 'lease-lost' }],
    ['a damaged stream', { code: 'ET003', detail: '7' }, { kind: 'stream-damaged', trigger: 7 }],
    ['a damaged log, of which no stream is named', { code: 'ET003' }, { kind: 'log-refuses' }],
    ['a sequence that went backwards', { code: 'ET004' }, { kind: 'log-refuses' }],
    ['a connection that broke', new Error('gone'), { kind: 'log-unreachable' }],
    ['an administrator who ended it', { code: '57P01' }, { kind: 'log-unreachable' }],
    ['something thrown that is no error', 'gone', { kind: 'log-unreachable' }],
  ])('is told by its cause: %s', (_cause, error, failure) => {
    expect(failureOf(error)).toEqual(failure);
  });

  it('is followed by a pause that doubles up to some seconds', () => {
    const longest = Array.from({ length: 8 }, (_, place) => pauseAfter(place + 1, () => 1));
    expect(longest).toEqual([100, 200, 400, 800, 1_600, 3_200, LONGEST_MS, LONGEST_MS]);
    expect(pauseAfter(100_000, () => 1)).toBe(LONGEST_MS);
  });

  it('is followed by at least half of that, so that replicas do not return in step', () => {
    expect(pauseAfter(1, () => 0)).toBe(50);
    expect(pauseAfter(1, () => 0.5)).toBe(75);
  });
});
