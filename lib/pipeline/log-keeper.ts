import type { Database } from '../database.js';
import { EventTriggersError } from '../event-triggers.errors.js';
import type { QuotedIdentifier } from '../schema/identifier.js';
import { readHeld, type HeldLog } from './held-log.js';
import { logKeeperStatements, type LogKeeperStatements } from './log-keeper.sql.js';
import {
  keptSince,
  LOG_NAMES,
  planPartitions,
  type BoundedPartition,
  type Partition,
  type Retention,
} from './partition-plan.js';

/** A cursor that is older is written anew, so that the hour it stands in can go. */
const OLDEST_CURSOR_MS = 3_600_000;
/** Dead letters that go at a time: few enough to be over in a moment. */
const MOST_FORGOTTEN = 1_000;
/** What an SQLSTATE says about a lock that was not free in time. */
const LOCK_NOT_AVAILABLE = '55P03';

interface Logs {
  /** Whether the role owns them: making partitions and letting them go is the owner's. */
  readonly isOwn: boolean;
  readonly partitions: readonly (Partition & { readonly bytes: number })[];
  /** The database's clock. */
  readonly now: number;
}

/**
 * Makes the partitions of the logs ahead, and lets go of old ones.
 *
 * What must hold: nothing that is owed leaves; nobody waits for it longer than a moment. Each step is a
 * transaction of its own that can fail, be repeated, and be done by several replicas at a time.
 */
export class LogKeeper {
  private readonly statements: LogKeeperStatements;

  constructor(
    private readonly database: Database,
    private readonly schema: QuotedIdentifier,
    private readonly retention: Retention,
  ) {
    this.statements = logKeeperStatements(schema);
  }

  /**
   * One round. Returns what of the event log is kept beyond the retention because it is owed.
   *
   * @param ahead milliseconds to add to the database's clock
   */
  async keep(ahead = 0): Promise<HeldLog[]> {
    const { partitions, now: clock, isOwn } = await this.read();
    const now = clock + ahead;
    await this.carryCursors(now);
    await this.forgetDeadLetters(now);
    const { make, leave } = planPartitions(partitions, this.retention, now);
    if (!isOwn) {
      refuseNeglected(partitions);
      return this.held(
        leave.some(({ log }) => log === 'event'),
        ahead,
      );
    }
    for (const partition of make) await this.make(partition);
    let keepsEvents = false;
    for (const partition of leave) {
      const isGone = await this.letGo(partition);
      keepsEvents ||= !isGone && partition.log === 'event';
    }
    for (const log of LOG_NAMES) await this.clearDefault(log, now);
    return this.held(keepsEvents, ahead);
  }

  /** Old events that are still owed are the one thing that can grow without end. */
  private async held(keepsEvents: boolean, ahead: number): Promise<HeldLog[]> {
    if (!keepsEvents) return [];
    return readHeld(this.database, this.schema, this.retention.events - ahead);
  }

  private async read(): Promise<Logs> {
    const rows = await this.database.run(
      'event-triggers:partitions',
      this.statements.partitions,
      [],
    );
    const number = (text: string | null | undefined): number | null =>
      text === null || text === undefined ? null : Number(text);
    return {
      partitions: rows.map(([log, name, startsAt, endsAt, bytes, oldest]) => ({
        log: log ?? '',
        name: name ?? '',
        startsAt: number(startsAt),
        endsAt: number(endsAt),
        bytes: Number(bytes),
        oldest: number(oldest),
      })),
      now: Number(rows[0]?.[6]),
      isOwn: rows[0]?.[7] === 't',
    };
  }

  /** A tick of its own first: it has to be committed before a cursor can stand at it. */
  private async carryCursors(now: number): Promise<void> {
    const before = now - OLDEST_CURSOR_MS;
    const old = await this.database.run('event-triggers:old-cursors', this.statements.oldCursors, [
      before,
    ]);
    await this.database.run('event-triggers:tick', this.statements.tick, []);
    for (const [trigger] of old) {
      await this.database.run('event-triggers:carry-cursor', this.statements.carryCursor, [
        trigger ?? null,
        before,
      ]);
    }
    await this.database.run('event-triggers:carry-tick', this.statements.carryTick, [before]);
  }

  private async make({ log, name, startsAt, endsAt }: BoundedPartition): Promise<void> {
    await this.step('make', [log, name, startsAt, endsAt]);
  }

  /** False where something of it is still needed, or somebody was in the way. */
  private async letGo({ log, name, startsAt, endsAt }: BoundedPartition): Promise<boolean> {
    if (!(await this.step('empty', [log, name, startsAt, endsAt]))) return false;
    await this.step('drop', [name]);
    return true;
  }

  private async clearDefault(log: string, now: number): Promise<void> {
    await this.step('clearDefault', [log, keptSince(log, this.retention, now)]);
  }

  private async forgetDeadLetters(now: number): Promise<void> {
    const before = now - this.retention.deadLetters;
    for (;;) {
      const [row] = await this.database.run(
        'event-triggers:forget-dead-letters',
        this.statements.forgetDeadLetters,
        [before, MOST_FORGOTTEN],
      );
      if (Number(row?.[0]) < MOST_FORGOTTEN) return;
    }
  }

  /** One that finds a lock taken is done another time. */
  private async step(
    statement: 'make' | 'empty' | 'clearDefault' | 'drop',
    values: readonly (string | number)[],
  ): Promise<boolean> {
    try {
      const [row] = await this.database.run(
        `event-triggers:${statement}`,
        this.statements[statement],
        values,
      );
      return row?.[0] === 't';
    } catch (error) {
      if ((error as { code?: unknown }).code === LOCK_NOT_AVAILABLE) return false;
      throw error;
    }
  }
}

/** Where the owner sees to partitions often enough, no row lies in a default one. */
function refuseNeglected(partitions: readonly Partition[]): void {
  const misplaced = partitions.filter(({ oldest }) => oldest !== null).map(({ log }) => log);
  if (misplaced.length === 0) return;
  throw new EventTriggersError(
    'ET_NOT_PERMITTED',
    `The logs lack partitions for the present (${misplaced.join(', ')}), and this role does not own them`,
    { hint: 'Let the owner of the schema run "event-triggers prune" every hour.' },
  );
}
