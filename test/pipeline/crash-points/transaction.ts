import type pg from 'pg';
import type { EventNumber, TriggerId } from '../../../lib/pipeline/event.js';
import type { QuotedIdentifier } from '../../../lib/schema/identifier.js';
import type { Ledger } from '../engine-model/ledger.js';
import type { PlannedChange } from './planned-change.js';

/** The two streams of a scene. */
export interface SceneTriggers {
  readonly ordered: TriggerId;
  readonly free: TriggerId;
}

/** One that has its number in the log. */
export interface WrittenChange extends PlannedChange {
  readonly number: EventNumber;
}

/** Changes that are committed or rolled back together; each step once, however often it is asked for. */
export class Transaction {
  private readonly written: WrittenChange[] = [];
  private isCommitted = false;
  private isRolledBack = false;

  private constructor(
    private readonly connection: pg.Client,
    private readonly ledger: Ledger,
  ) {}

  static async begin(
    connection: pg.Client,
    schema: QuotedIdentifier,
    triggers: SceneTriggers,
    changes: readonly PlannedChange[],
    ledger: Ledger,
  ): Promise<Transaction> {
    const transaction = new Transaction(connection, ledger);
    await connection.query('begin');
    for (const change of changes) {
      const { rows } = await connection.query<{ number: EventNumber }>(
        `insert into ${schema}.event (trigger_id, operation, key, new)
         values ($1, 'UPDATE', $2, '{}')
         returning id::text as number`,
        [change.isOrdered ? triggers.ordered : triggers.free, change.key],
      );
      transaction.written.push({ ...change, number: rows[0]!.number });
    }
    return transaction;
  }

  /** None as long as it is open, and for ever if it is rolled back. */
  get committed(): readonly WrittenChange[] {
    return this.isCommitted ? this.written : [];
  }

  find(number: string): PlannedChange | undefined {
    return this.written.find((change) => change.number === number);
  }

  async commit(): Promise<void> {
    if (this.isCommitted) return;
    this.isCommitted = true;
    // Before it is done: a request may come earlier than the answer.
    this.ledger.commit(this.written);
    await this.connection.query('commit');
  }

  async rollBack(): Promise<void> {
    if (this.isRolledBack) return;
    this.isRolledBack = true;
    await this.connection.query('rollback');
  }
}
