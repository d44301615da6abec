import type pg from 'pg';
import type { QuotedIdentifier } from '../../../lib/schema/identifier.js';
import { keysIn, type Change, type Ledger, type Written } from './ledger.js';
import type { ModelStreams } from './model-dispatcher.js';

/** A session that writes in one transaction at a time. Like any, it locks the rows that it changes. */
export class ModelWriter {
  private readonly written: Written[] = [];

  constructor(
    private readonly connection: pg.Client,
    private readonly schema: QuotedIdentifier,
    private readonly streams: ModelStreams,
    private readonly ledger: Ledger,
  ) {}

  async write(changes: readonly Change[]): Promise<void> {
    if (this.written.length === 0) await this.connection.query('begin');
    for (const change of changes) {
      const { isOrdered, key, keyBefore } = change;
      const { rows } = await this.connection.query<{ number: string }>(
        `insert into ${this.schema}.event (trigger_id, operation, key_before, key, new)
         values ($1, 'UPDATE', $2, $3, '{}')
         returning id::text as number`,
        [isOrdered ? this.streams.ordered : this.streams.free, keyBefore, key],
      );
      this.written.push({ ...change, number: rows[0]!.number });
    }
  }

  async commit(): Promise<void> {
    await this.connection.query('commit');
    this.ledger.commit(this.written.splice(0));
  }

  async rollBack(): Promise<void> {
    this.written.length = 0;
    await this.connection.query('rollback');
  }
}

/** The rows that changes lock. */
export const lockedBy = (changes: readonly Change[]): string[] =>
  changes.filter(({ isOrdered }) => isOrdered).flatMap(keysIn);
