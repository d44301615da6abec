import type { ClientBase, QueryConfig } from 'pg';
import { EventTriggersError } from './event-triggers.errors.js';

/**
 * Its number is in the name of each file of the write-ahead log: a promotion begins a new one. Null on a standby.
 * Source: the documentation of `pg_walfile_name` and of timelines, https://www.postgresql.org/docs/current/continuous-archiving.html
 */
const SELECT_TIMELINE = `
select case when not pg_is_in_recovery()
            then ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer end as timeline`;

/** What an SQLSTATE says of servers that keep their log elsewhere and have no such files. */
const UNSUPPORTED = new Set(['0A000', '42501', '42883']);

/**
 * Tells a primary that was failed over from: whoever has seen its successor must not go on with it, although it takes
 * writes and knows nothing of that itself.
 */
export class ServerTimeline {
  private newest = 0;

  /**
   * Looks at a connection that has just been made.
   *
   * @param within milliseconds that the answer may take
   * @throws EventTriggersError `ET_FORMER_PRIMARY`
   */
  async check(connection: ClientBase, within: number): Promise<void> {
    // Nobody listens yet to a connection that is not lent, and what nobody listens to ends the process.
    let broken: Error | null = null;
    const remember = (error: Error): void => {
      broken = error;
    };
    connection.on('error', remember);
    const timeline = await timelineOf(connection, within).finally(() => {
      connection.removeListener('error', remember);
    });
    if (broken !== null) throw broken as Error;
    if (timeline === null) return;
    if (timeline < this.newest) {
      throw new EventTriggersError(
        'ET_FORMER_PRIMARY',
        `This server was failed over from: it is on timeline ${timeline}, and timeline ${this.newest} has been seen`,
        { hint: 'Shut it down, or let the address of the data source lead to its successor.' },
      );
    }
    this.newest = timeline;
  }
}

async function timelineOf(connection: ClientBase, within: number): Promise<number | null> {
  try {
    const { rows } = await connection.query<{ timeline: number | null }>({
      text: SELECT_TIMELINE,
      query_timeout: within,
    } as QueryConfig);
    return rows[0]?.timeline ?? null;
  } catch (error) {
    if (UNSUPPORTED.has(String((error as { code?: unknown }).code))) return null;
    throw error;
  }
}
