import type { ClaimedEvent } from '../event.js';
import type { Attempt } from './attempt.js';

/** The retries this dispatcher holds, each until its attempt is recorded. */
export class HeldRetries {
  private readonly held = new Map<string, ClaimedEvent>();

  add(event: ClaimedEvent): void {
    this.held.set(nameOf(event), event);
  }

  /** Forgets those whose attempts are recorded. */
  settle(recorded: readonly Attempt[]): void {
    for (const { event, batch } of recorded) {
      if (batch === null) this.held.delete(nameOf(event));
    }
  }

  get size(): number {
    return this.held.size;
  }

  all(): ClaimedEvent[] {
    return [...this.held.values()];
  }

  clear(): void {
    this.held.clear();
  }
}

/**
 * The number alone may be issued twice, and a retry that failed once more may be back before it is known
 * that the failure is recorded.
 */
const nameOf = ({ triggerId, number, createdAt, attemptsBefore }: ClaimedEvent): string =>
  `${triggerId} ${number} ${createdAt} ${attemptsBefore}`;
