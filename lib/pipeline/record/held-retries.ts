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

  all(): ClaimedEvent[] {
    return [...this.held.values()];
  }

  clear(): void {
    this.held.clear();
  }
}

/** The number alone may be issued twice. */
const nameOf = ({ triggerId, number, createdAt }: ClaimedEvent): string =>
  `${triggerId} ${number} ${createdAt}`;
