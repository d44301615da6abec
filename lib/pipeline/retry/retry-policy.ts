import type { StoredRetry } from '../attach/stored-trigger.js';
import { millisecondsOf } from '../deliver/created-at.js';
import type { Outcome } from '../deliver/outcome.js';
import type { ClaimedEvent } from '../event.js';
import type { Decision } from '../record/attempt.js';
import { retryDelay } from './backoff.js';

/** A receiver may ask for a pause of up to an hour, even where the policy's own delays are shorter. */
export const LONGEST_ASKED_PAUSE = 60 * 60 * 1_000;

/**
 * What becomes of an event after an attempt: delivered, tried again later, or dead.
 *
 * `Retry-After` makes a pause longer, never shorter, and never adds an attempt: a receiver that always
 * sends it must not keep an event alive for ever.
 *
 * @param now milliseconds since 1970
 */
export function decide(
  outcome: Outcome,
  event: Pick<ClaimedEvent, 'attemptsBefore' | 'createdAt'>,
  policy: StoredRetry,
  now: number,
  random: () => number = Math.random,
): Decision {
  if (outcome.kind === 'delivered') return { kind: 'delivered' };
  if (outcome.kind === 'rejected') return { kind: 'dead', reason: 'rejected' };
  const attemptsMade = event.attemptsBefore + 1;
  // Its delivery is paused on that, and the event is kept for when somebody resumes it.
  if (outcome.kind === 'gone') return { kind: 'retry', delay: 0 };
  if (attemptsMade >= policy.attempts) return { kind: 'dead', reason: 'exhausted' };
  const delay = Math.max(
    retryDelay(policy, attemptsMade, random),
    Math.min(outcome.retryAfter ?? 0, Math.max(policy.maxDelay, LONGEST_ASKED_PAUSE)),
  );
  if (policy.maxAge !== null && now + delay > millisecondsOf(event.createdAt) + policy.maxAge) {
    return { kind: 'dead', reason: 'too-old' };
  }
  return { kind: 'retry', delay };
}
