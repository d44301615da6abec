import type { Database } from '../../database.js';
import type { QuotedIdentifier } from '../../schema/identifier.js';
import type { RecordParameters } from '../claim/event-claimer.js';
import type { Attempt } from './attempt.js';
import { recordParameters } from './record-parameters.js';
import { recordStatement } from './record.sql.js';

/** Attempts are written together: a commit per attempt would cost more than the attempt. */
const FLUSH_AFTER_MS = 50;
/** A group of this size does not wait any longer. */
const FLUSH_AT = 500;
/** No statement gets more, so that one call stays short. */
const MOST_AT_ONCE = 1000;

/**
 * Every attempt is written down, once.
 *
 * Comes in: attempts that are over. Goes out: rows of the attempt log, retries, dead letters and closed
 * batches, in one transaction. What must hold: nothing leaves here before the database has said that it
 * holds it. On a crash here what was not written yet is delivered again.
 */
export class AttemptRecorder {
  private waiting: Attempt[] = [];
  private sent: readonly Attempt[] = [];
  private repeated = false;
  private writing: Promise<unknown> | null = null;
  private readonly statement: string;

  constructor(
    private readonly database: Database,
    schema: QuotedIdentifier,
  ) {
    this.statement = recordStatement(schema);
  }

  add(attempt: Attempt): void {
    this.waiting.push(attempt);
  }

  /** Attempts that are not known to be written. */
  get size(): number {
    return this.waiting.length + this.sent.length;
  }

  /** Whether there is enough for a call of its own. A group that failed is not: it goes with the next turn. */
  get isFull(): boolean {
    return this.sent.length === 0 && this.waiting.length >= FLUSH_AT;
  }

  /** Milliseconds until the next group has to go; 0 when it is due, null when there is none or one is going. */
  dueIn(now: number): number | null {
    if (this.writing !== null) return null;
    if (this.sent.length > 0 || this.waiting.length >= FLUSH_AT) return 0;
    const oldest = this.waiting[0];
    return oldest === undefined ? null : Math.max(0, oldest.endedAt + FLUSH_AFTER_MS - now);
  }

  /**
   * The next group for the wire, or null when there is none. It stays here until `confirm`: a call whose
   * answer got lost is repeated with the same group.
   */
  take(now: number): RecordParameters | null {
    if (this.writing !== null) return null;
    if (this.sent.length === 0) {
      this.sent = this.waiting.splice(0, MOST_AT_ONCE);
      this.repeated = false;
    }
    if (this.sent.length === 0) return null;
    const parameters = recordParameters(this.sent, this.repeated, now);
    this.repeated = true;
    return parameters;
  }

  /** The database holds the group that `take` gave out last. Returns it. */
  confirm(): readonly Attempt[] {
    const recorded = this.sent;
    for (const { batch } of recorded) {
      if (batch !== null) batch.open -= 1;
    }
    this.sent = [];
    return recorded;
  }

  /** Writes one group by a call of its own and returns it; nothing if one is being written already. */
  async write(dispatcher: string, now: number): Promise<readonly Attempt[]> {
    const group = this.take(now);
    if (group === null) return [];
    this.writing = this.database.run('event-triggers:record', this.statement, [
      dispatcher,
      ...group,
    ]);
    try {
      await this.writing;
      return this.confirm();
    } finally {
      this.writing = null;
    }
  }

  /**
   * Writes all that waits, without claiming anything.
   *
   * @param recorded called with each group that is written
   */
  async flush(
    dispatcher: string,
    now: () => number,
    recorded: (group: readonly Attempt[]) => void = () => undefined,
  ): Promise<void> {
    while (this.size > 0) {
      // Somebody else's group: whether it fails is told to them.
      if (this.writing !== null) await this.writing.catch(() => undefined);
      else recorded(await this.write(dispatcher, now()));
    }
  }
}
