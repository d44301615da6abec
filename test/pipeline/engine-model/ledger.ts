import { keysOf, type CapturedEvent, type ClaimedEvent } from '../../../lib/pipeline/event.js';

/** A change as a writer makes it. */
export interface Change {
  readonly isOrdered: boolean;
  readonly key: string;
  /** The key that the row had before; null where it keeps it. */
  readonly keyBefore: string | null;
}

/** A change that is in the log, under its number there. */
export interface Written extends Change {
  readonly number: string;
}

/** Something happened that must not. */
export class Violation extends Error {}

/**
 * What writers wrote, what receivers saw and what was said to be recorded: all that is promised is told from it,
 * without a look at the engine's tables.
 */
export class Ledger {
  private readonly committed = new Map<string, Written>();
  private readonly paged = new Set<string>();
  private readonly begun = new Set<string>();
  private readonly acknowledged = new Set<string>();
  private readonly givenUp = new Set<string>();
  private readonly succeeded = new Set<string>();
  private readonly closed = new Set<string>();

  commit(changes: readonly Written[]): void {
    for (const change of changes) this.committed.set(change.number, change);
  }

  /** A claim brought it as news. */
  page(events: readonly ClaimedEvent[]): void {
    for (const { number } of events) {
      if (this.paged.has(number)) throw new Violation(`event ${number} is in two pages`);
      this.paged.add(number);
    }
  }

  /** A takeover brought it. */
  inherit(events: readonly ClaimedEvent[]): void {
    for (const { number } of events)
      if (this.succeeded.has(number))
        throw new Violation(`event ${number} went to an heir although its success is recorded`);
  }

  /** A claim brought it as due for another attempt. */
  retry(events: readonly ClaimedEvent[]): void {
    for (const { number } of events)
      if (this.closed.has(number))
        throw new Violation(`event ${number} is tried again although whoever held it delivered it`);
  }

  /** A request is sent. */
  begin({ number }: Pick<CapturedEvent, 'number'>): void {
    const change = this.committed.get(number);
    if (change === undefined) throw new Violation(`event ${number} is sent and was not committed`);
    if (!this.begun.has(number) && change.isOrdered) this.expectItsTurn(change);
    this.begun.add(number);
  }

  acknowledge({ number }: Pick<CapturedEvent, 'number'>): void {
    this.acknowledged.add(number);
  }

  giveUp({ number }: Pick<CapturedEvent, 'number'>): void {
    this.givenUp.add(number);
  }

  /**
   * The database said that it holds the success.
   *
   * @param isHolder whether nobody else may have had the event in hand, and may yet fail with it
   */
  succeed({ number }: CapturedEvent, isHolder: boolean): void {
    this.succeeded.add(number);
    if (isHolder) this.closed.add(number);
  }

  /** Committed events that nobody acknowledged or gave up. */
  owed(): string[] {
    return [...this.committed.keys()].filter((number) => !this.isSettled(number));
  }

  private expectItsTurn(change: Written): void {
    const keys = keysIn(change);
    const before = [...this.committed.values()].filter(
      (other) =>
        other.isOrdered &&
        Number(other.number) < Number(change.number) &&
        keysIn(other).some((key) => keys.includes(key)),
    );
    const owed = before.map(({ number }) => number).filter((number) => !this.isSettled(number));
    if (owed.length > 0)
      throw new Violation(
        `event ${change.number} of ${keys.join(' and ')} is sent before ${owed.join(', ')} of the same key`,
      );
  }

  private isSettled(number: string): boolean {
    return this.acknowledged.has(number) || this.givenUp.has(number);
  }
}

export const keysIn = ({ key, keyBefore }: Change): string[] =>
  keysOf({ key, keyBefore } as CapturedEvent);
