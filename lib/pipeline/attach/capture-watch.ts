import type { Database } from '../../database.js';
import type { QuotedIdentifier } from '../../schema/identifier.js';
import { selectDrift } from './trigger-rows.sql.js';

/** What a look found. */
export interface Drift {
  /** Their triggers on the table were dropped, changed or switched off, or another table bears its name. */
  readonly drifted: readonly string[];
  /** Defined by no release that is running. */
  readonly orphaned: readonly string[];
}

/**
 * Looks whether what was attached is still in force. Tools that copy a table and rename it, and people, take
 * capture triggers off without a word, and then changes go by unseen.
 */
export class CaptureWatch {
  constructor(
    private readonly database: Database,
    private readonly schema: QuotedIdentifier,
    private readonly application: string,
    private readonly declares: readonly string[],
  ) {}

  async look(): Promise<Drift> {
    const rows = await this.database.query<{ name: string; isOrphaned: boolean }>(
      selectDrift(this.schema),
      [this.application, [...this.declares]],
    );
    const names = (orphaned: boolean): string[] =>
      rows.filter(({ isOrphaned }) => isOrphaned === orphaned).map(({ name }) => name);
    return { drifted: names(false), orphaned: names(true) };
  }
}
