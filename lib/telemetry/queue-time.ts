import { millisecondsOf } from '../pipeline/deliver/created-at.js';
import type { ClaimedEvent } from '../pipeline/event.js';

const MS_PER_SECOND = 1_000;

/** Seconds from the change to the first attempt; null at later ones, where it would only say how long retries took. */
export function queueTime(
  { attemptsBefore, redelivered, createdAt }: ClaimedEvent,
  now: number,
): number | null {
  if (attemptsBefore > 0 || redelivered) return null;
  // The change has its time from another clock, which may be ahead.
  return Math.max(0, now - millisecondsOf(createdAt)) / MS_PER_SECOND;
}
