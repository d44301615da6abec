import type { Outcome } from '../deliver/outcome.js';
import type { ClaimedEvent, TriggerId } from '../event.js';

/** The batch an event came in, as far as recording needs it. */
export interface OpenBatch {
  readonly triggerId: TriggerId;
  readonly id: string;
  readonly claim: string;
  /** Events whose attempts are not recorded yet. */
  open: number;
  /** Whether it is this dispatcher's, as far as it knows. */
  held: boolean;
}

/** What becomes of an event after an attempt. */
export type Decision =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'retry'; readonly delay: number }
  | { readonly kind: 'dead'; readonly reason: string }
  /** Not attempted: it waits as a retry, until an earlier event of its key has gone or its trigger is resumed. */
  | { readonly kind: 'parked' };

/** One try to deliver one event, over and judged; or the decision to make none yet. */
export interface Attempt {
  readonly event: ClaimedEvent;
  /** Null where the event was a retry. */
  readonly batch: OpenBatch | null;
  /** Null where none was made. */
  readonly outcome: Outcome | null;
  readonly decision: Decision;
  /** Whether its trigger keeps the order of keys. */
  readonly ordered: boolean;
  /** Whether it stays in the way of its key although it is given up. */
  readonly holdsKey: boolean;
  /** When it ended, by this process's monotonic clock in milliseconds. */
  readonly endedAt: number;
}

/** Whether later events of its key wait for it. */
export const holdsUp = ({ ordered, holdsKey, decision }: Omit<Attempt, 'endedAt'>): boolean =>
  ordered && (decision.kind === 'retry' || decision.kind === 'parked' || holdsKey);
