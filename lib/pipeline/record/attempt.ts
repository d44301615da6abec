import type { Outcome } from '../deliver/outcome.js';
import type { ClaimedEvent, TriggerId } from '../event.js';

/** The batch an event came in, as far as recording needs it. */
export interface OpenBatch {
  readonly triggerId: TriggerId;
  readonly id: string;
  readonly claim: string;
  /** Events whose attempts are not recorded yet. */
  open: number;
}

/** What becomes of an event after an attempt. */
export type Decision =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'retry'; readonly delay: number }
  | { readonly kind: 'dead'; readonly reason: string };

/** One try to deliver one event, over and judged. */
export interface Attempt {
  readonly event: ClaimedEvent;
  /** Null where the event was a retry. */
  readonly batch: OpenBatch | null;
  readonly outcome: Outcome;
  readonly decision: Decision;
  /** When it ended, by this process's monotonic clock in milliseconds. */
  readonly endedAt: number;
}
