import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StoredRetry } from '../../../lib/pipeline/attach/stored-trigger.js';
import type { Outcome } from '../../../lib/pipeline/deliver/outcome.js';
import { decide } from '../../../lib/pipeline/retry/retry-policy.js';
import { event, trigger } from '../support/trigger.js';

const CAPTURED = Date.parse('2026-11-24T04:11:40.123Z');
const HOUR = 3_600_000;
const failed = (retryAfter: number | null = null): Outcome => ({
  kind: 'retry',
  status: 503,
  error: { code: 'HTTP_503', message: '' },
  retryAfter,
  responseHeaders: null,
  responseBody: null,
  duration: 1,
});
const policy = (more: Partial<StoredRetry> = {}): StoredRetry => ({ ...trigger().retry, ...more });

describe('what becomes of an event after an attempt', () => {
  it('is delivered for a success, whatever came before', () => {
    const outcome: Outcome = { ...failed(), kind: 'delivered' };
    expect(decide(outcome, event({ attemptsBefore: 99 }), policy(), CAPTURED)).toEqual({
      kind: 'delivered',
    });
  });

  it('is dead at once where another attempt would end the same way', () => {
    const outcome: Outcome = { ...failed(), kind: 'rejected' };
    expect(decide(outcome, event(), policy(), CAPTURED)).toEqual({
      kind: 'dead',
      reason: 'rejected',
    });
  });

  it('is never tried more often than the policy says, however the receiver asks for it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.option(fc.nat(HOUR)),
        (attempts, retryAfter) => {
          let made = 0;
          for (;;) {
            const decision = decide(
              failed(retryAfter),
              event({ attemptsBefore: made }),
              policy({ attempts }),
              CAPTURED,
            );
            made += 1;
            if (decision.kind === 'dead') break;
          }
          expect(made).toBe(attempts);
        },
      ),
    );
  });

  it('waits as long as the receiver asks, but not shorter than planned and no longer than an hour', () => {
    const delayFor = (retryAfter: number) =>
      decide(failed(retryAfter), event(), policy(), CAPTURED);
    expect(delayFor(10)).toEqual({ kind: 'retry', delay: 1_000 });
    expect(delayFor(30_000)).toEqual({ kind: 'retry', delay: 30_000 });
    expect(delayFor(5 * HOUR)).toEqual({ kind: 'retry', delay: HOUR });
  });

  it('starts no attempt later than its age allows', () => {
    const young = policy({ maxAge: 2_000 });
    expect(decide(failed(), event(), young, CAPTURED + 900)).toEqual({
      kind: 'retry',
      delay: 1_000,
    });
    expect(decide(failed(), event(), young, CAPTURED + 1_100)).toEqual({
      kind: 'dead',
      reason: 'too-old',
    });
  });
});
