import type { StoredTrigger } from './attach/stored-trigger.js';
import type { Outcome } from './deliver/outcome.js';
import type { ClaimedEvent } from './event.js';
import type { Decision } from './record/attempt.js';

/**
 * What hears of a dispatcher's work, to measure it. Triggers go by their names.
 *
 * It is told on the way of every event: it must neither throw nor keep anybody waiting.
 */
export interface DispatcherObserver {
  /** A call that claims and records was answered after so many milliseconds. */
  claimAnswered(milliseconds: number): void;
  /** Such a call failed: no answer, a refusal, a lease that was lost. What it was to record is recorded by another one. */
  claimFailed(): void;
  /** A batch came, of so many events. */
  batchClaimed(trigger: string, events: number): void;
  attemptBegan(trigger: string, event: ClaimedEvent): void;
  attemptEnded(
    trigger: Pick<StoredTrigger, 'name' | 'webhook'>,
    outcome: Outcome,
    decision: Decision,
  ): void;
  /** The database holds a group of attempts. */
  groupRecorded(): void;
  /** What this dispatcher held is somebody else's. */
  leaseLost(): void;
  /** Batches came from dispatchers that are gone. */
  batchesTakenOver(batches: number): void;
  /** A connection that had failed works again. */
  reconnected(): void;
}

/** A call that claims and records, of which the observer hears what it came to. */
export async function observed<Answer>(
  call: Promise<Answer>,
  observer: DispatcherObserver | undefined,
): Promise<Answer> {
  const askedAt = performance.now();
  try {
    const answer = await call;
    observer?.claimAnswered(performance.now() - askedAt);
    return answer;
  } catch (error) {
    observer?.claimFailed();
    throw error;
  }
}
