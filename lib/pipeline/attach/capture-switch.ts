import { quoteIdentifier, type QuotedIdentifier } from '../../schema/identifier.js';
import { inTransaction, type AttachConnection } from './attach-connection.js';
import { selectCapture, switchCapture } from './capture-switch.sql.js';
import { keepOthersOut, lockTables, untilLocked, type TableToLock } from './table-lock.js';
import { refusalOf } from './trigger-refusal.js';

/** Since when changes of a trigger are not captured. */
interface CapturePause {
  readonly since: Date;
  readonly isNews: boolean;
}

/** A time in which the changes of a trigger were not captured. */
export interface CaptureGap {
  /** What was written and committed earlier was captured. */
  readonly from: Date;
  /** What is written later is captured. */
  readonly to: Date;
}

/** By hand, or because the trigger kept more of the event log than it may. */
export type CapturePauseReason = 'hand' | 'full';

export interface CaptureSettings {
  readonly application: string;
  /** Milliseconds that a table which others keep locked may take, in total. */
  readonly attachTimeout: number;
}

interface CaptureRow {
  readonly id: number;
  readonly pausedAt: number | null;
  readonly tables: string;
}

/**
 * Pauses and resumes the capture of triggers while the application runs.
 *
 * Both wait until nobody has written to the table without having committed, and let nobody write meanwhile: each
 * transaction's changes of the table are captured all or none. Nothing is locked where nothing is to be switched.
 *
 * Throw a `TableLockedError` for a table that stays locked, and an `InvalidTriggerError` where the role may not do it.
 */
export class CaptureSwitch {
  private readonly schema: QuotedIdentifier;

  constructor(
    private readonly connection: AttachConnection,
    private readonly schemaName: string,
    private readonly settings: CaptureSettings,
  ) {
    this.schema = quoteIdentifier(schemaName);
  }

  /** Since when nothing is captured, and whether that is news; null where there is no such trigger. */
  async pause(name: string, reason: CapturePauseReason): Promise<CapturePause | null> {
    return this.locked(name, async ({ id, pausedAt, tables }) => ({
      since: new Date(pausedAt ?? (await this.turn(name, id, tables, reason))),
      isNews: pausedAt === null,
    }));
  }

  /** What was not captured, `'captures'` where it was not paused; null where there is no such trigger. */
  async resume(name: string): Promise<CaptureGap | 'captures' | null> {
    return this.locked(name, async ({ id, pausedAt, tables }) => {
      if (pausedAt === null) return 'captures';
      const to = await this.turn(name, id, tables, null);
      return { from: new Date(pausedAt), to: new Date(to) };
    });
  }

  private async locked<Answer>(
    name: string,
    decide: (row: CaptureRow) => Promise<Answer>,
  ): Promise<Answer | null> {
    const { application, attachTimeout } = this.settings;
    let answer: Answer | null = null;
    await untilLocked(
      this.connection,
      attachTimeout,
      () =>
        inTransaction(this.connection, 'read write', async () => {
          await keepOthersOut(this.connection, this.schemaName, attachTimeout);
          const { rows } = await this.connection.query(selectCapture(this.schema), [
            name,
            application,
          ]);
          const row = rows[0] as CaptureRow | undefined;
          answer = row === undefined ? null : await decide(row);
        }),
      `The capture of the event trigger "${name}" could not be switched`,
    );
    return answer;
  }

  private async turn(
    name: string,
    id: number,
    tables: string,
    pausedFor: CapturePauseReason | null,
  ): Promise<number> {
    await lockTables(this.connection, JSON.parse(tables) as TableToLock[]);
    try {
      const { rows } = await this.connection.query(switchCapture(this.schema), [
        id,
        pausedFor === null,
        pausedFor,
      ]);
      return (rows[0] as { switchedAt: number }).switchedAt;
    } catch (error) {
      throw refusalOf(name, error);
    }
  }
}
