import type { ClaimedEvent, TriggerId } from '../event.js';
import type { Attempt } from './attempt.js';

/** The retries this dispatcher holds, each until its attempt is recorded. */
export class HeldRetries {
  private readonly held = new Map<string, ClaimedEvent>();
  private readonly counts = new Map<TriggerId, number>();

  add(event: ClaimedEvent): void {
    if (!this.held.has(nameOf(event))) this.count(event, 1);
    this.held.set(nameOf(event), event);
  }

  /** Forgets those whose attempts are recorded. */
  settle(recorded: readonly Attempt[]): void {
    for (const { event, batch } of recorded) {
      if (batch === null && this.held.delete(nameOf(event))) this.count(event, -1);
    }
  }

  /** How many of a trigger. */
  of(trigger: TriggerId): number {
    return this.counts.get(trigger) ?? 0;
  }

  all(): ClaimedEvent[] {
    return [...this.held.values()];
  }

  clear(): void {
    this.held.clear();
    this.counts.clear();
  }

  private count({ triggerId }: ClaimedEvent, change: 1 | -1): void {
    this.counts.set(triggerId, this.of(triggerId) + change);
  }
}

/**
 * The number alone may be issued twice, and a retry that failed once more may be back before it is known
 * that the failure is recorded.
 */
const nameOf = ({ triggerId, number, createdAt, attemptsBefore }: ClaimedEvent): string =>
  `${triggerId} ${number} ${createdAt} ${attemptsBefore}`;
