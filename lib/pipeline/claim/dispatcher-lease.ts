import { randomUUID } from 'node:crypto';
import type { Database } from '../../database.js';
import type { QuotedIdentifier } from '../../schema/identifier.js';
import type { CapturedEvent, TriggerId } from '../event.js';
import { leaseStatements, type LeaseStatements } from './lease.sql.js';

/** What a dispatcher knows to be in its hands. */
export interface InHand {
  readonly batches: readonly { readonly triggerId: TriggerId; id: string; claim: string }[];
  readonly retries: readonly CapturedEvent[];
}

/**
 * One dispatcher's proof of life, which covers everything it holds.
 *
 * When the lease has run out, everything in hand belongs to somebody else: the dispatcher takes another
 * name and starts with empty hands. When only an answer got lost, it takes another name and keeps what it
 * knows of.
 */
export class DispatcherLease {
  /** The name under which this dispatcher claims; another one after every loss. */
  id: string = randomUUID();
  /** Until when this process can be sure that the lease holds, by its monotonic clock. */
  private trustedUntil = 0;
  /** All names that may be alive: more than one where the answer to a change of name got lost. */
  private names: readonly string[] = [];
  private readonly statements: LeaseStatements;

  constructor(
    private readonly database: Database,
    schema: QuotedIdentifier,
    private readonly application: string,
    private readonly seconds: number,
    /** The triggers that this release defines. */
    private readonly declares: readonly string[] = [],
    /** Where it runs; null where that is not said. */
    private readonly deployment: string | null = null,
  ) {
    this.statements = leaseStatements(schema);
  }

  /**
   * Whether what is in hand is surely still in this dispatcher's: a process that stood still must not go on
   * with what others may have taken over meanwhile.
   *
   * @param now milliseconds of the monotonic clock
   */
  isTrusted(now: number): boolean {
    return now < this.trustedUntil;
  }

  /** Begins a new life under a new name; rejects where the log is not this deployment's. */
  async register(): Promise<void> {
    this.id = randomUUID();
    this.names = [this.id];
    const sentAt = performance.now();
    await this.database.run('event-triggers:register', this.statements.register, [
      this.id,
      this.application,
      this.seconds,
      // Names of triggers hold nothing that would have to be quoted.
      arrayOf(this.declares),
      this.deployment,
    ]);
    this.trustFrom(sentAt);
  }

  /** Extends the lease, under whichever name it is held. False when it had run out before. */
  async renew(lowestOpenBatch: string): Promise<boolean> {
    const sentAt = performance.now();
    const rows = await this.database.run('event-triggers:heartbeat', this.statements.heartbeat, [
      arrayOf(this.names),
      this.seconds,
      lowestOpenBatch,
    ]);
    const isAlive = (rows[0]?.[0] ?? null) !== null;
    if (isAlive) this.trustFrom(sentAt);
    return isAlive;
  }

  /**
   * Goes on under another name after an answer got lost. Whatever a lost call took is handed back, and one
   * that is still under way will fail.
   *
   * @returns how many of the batches still stand: a crash of Postgres may have forgotten some; null when the
   * lease had run out
   */
  async rename({ batches, retries }: InHand): Promise<number | null> {
    const former = this.names;
    const sentAt = performance.now();
    this.id = randomUUID();
    this.names = [...former, this.id];
    const [row] = await this.database.run('event-triggers:rename', this.statements.rename, [
      arrayOf(former),
      this.id,
      this.seconds,
      arrayOf(batches.map(({ triggerId }) => triggerId)),
      arrayOf(batches.map(({ id }) => id)),
      arrayOf(batches.map(({ claim }) => claim)),
      arrayOf(retries.map(({ triggerId }) => triggerId)),
      arrayOf(retries.map(({ number }) => number)),
      arrayOf(retries.map(({ createdAt }) => `"${createdAt}"`)),
    ]);
    this.names = [this.id];
    const standing = row?.[0] ?? null;
    if (standing !== null) this.trustFrom(sentAt);
    return standing === null ? null : Number(standing);
  }

  private trustFrom(sentAt: number): void {
    this.trustedUntil = sentAt + this.seconds * 1_000 - MARGIN_MS;
  }

  /**
   * Leaves in good order. What is still open goes on elsewhere at once.
   *
   * @param lowestOpenBatch null when nothing is open
   */
  async release(lowestOpenBatch: string | null): Promise<void> {
    for (const name of this.names) {
      await this.database.run('event-triggers:release', this.statements.release, [
        name,
        lowestOpenBatch,
      ]);
    }
  }
}

/** For what lies between the look at the clock and the request on the wire. */
const MARGIN_MS = 500;

const arrayOf = (elements: readonly (string | number)[]): string => `{${elements.join(',')}}`;
