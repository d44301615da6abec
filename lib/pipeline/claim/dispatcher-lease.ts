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
  /** All names that may be alive: more than one where the answer to a change of name got lost. */
  private names: readonly string[] = [];
  private readonly statements: LeaseStatements;

  constructor(
    private readonly database: Database,
    schema: QuotedIdentifier,
    private readonly application: string,
    private readonly seconds: number,
  ) {
    this.statements = leaseStatements(schema);
  }

  /** Begins a new life under a new name. */
  async register(): Promise<void> {
    this.id = randomUUID();
    this.names = [this.id];
    await this.database.run('event-triggers:register', this.statements.register, [
      this.id,
      this.application,
      this.seconds,
    ]);
  }

  /** Extends the lease, under whichever name it is held. False when it had run out before. */
  async renew(lowestOpenBatch: string): Promise<boolean> {
    const rows = await this.database.run('event-triggers:heartbeat', this.statements.heartbeat, [
      arrayOf(this.names),
      this.seconds,
      lowestOpenBatch,
    ]);
    return (rows[0]?.[0] ?? null) !== null;
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
    return standing === null ? null : Number(standing);
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

const arrayOf = (elements: readonly (string | number)[]): string => `{${elements.join(',')}}`;
