import { setTimeout as sleep } from 'node:timers/promises';
import { asList, TableLockedError } from '../../event-triggers.errors.js';
import { advisoryKey, LOCK } from '../../schema/advisory-lock.js';
import { setLocal, sqlState, type AttachConnection } from './attach-connection.js';
import { lockTable, SELECT_LOCK_HOLDERS } from './install.sql.js';

/**
 * How long one try may wait for a lock. Writers wait behind it meanwhile, so it is short; but Postgres ends
 * an autovacuum that is in the way only after its deadlock_timeout, 1 s, so it is a little longer than that.
 */
const LOCK_TIMEOUT = 1_200;
/** Writers get at least this long between two tries, and up to twice as long, so that replicas do not meet. */
const PAUSE = 500;

const LOCK_NOT_AVAILABLE = '55P03';
const DEADLOCK_DETECTED = '40P01';

/** A table that has to be locked, under a name that can stand in a statement. */
export interface TableToLock {
  readonly name: string;
  readonly relations: readonly string[];
  /** Whether readers have to wait as well, as they do for dropping a trigger. */
  readonly exclusive: boolean;
}

interface LockHolder {
  readonly pid: number | null;
  readonly user: string | null;
  readonly state: string | null;
  readonly query: string | null;
  readonly ageSeconds: number | null;
}

/** The table of `lockTables` that was still locked when the wait was over. */
class TableBusy extends Error {
  constructor(
    readonly table: TableToLock,
    override readonly cause: unknown,
  ) {
    super(`${table.name} is locked`);
  }
}

/**
 * Keeps others from attaching until the end of the transaction. A limit of the host's own must not end the wait for
 * other replicas.
 */
export async function keepOthersOut(
  connection: AttachConnection,
  schemaName: string,
  timeout: number,
): Promise<void> {
  await setLocal(connection, 'statement_timeout', 0);
  await setLocal(connection, 'lock_timeout', timeout);
  await connection.query('select pg_advisory_xact_lock($1, $2)', [
    advisoryKey(schemaName),
    LOCK.attach,
  ]);
}

/** Locks tables for the rest of the transaction, without holding up anybody for long. */
export async function lockTables(
  connection: AttachConnection,
  tables: readonly TableToLock[],
): Promise<void> {
  await setLocal(connection, 'lock_timeout', LOCK_TIMEOUT);
  for (const table of tables) {
    try {
      await connection.query(lockTable(table.name, table.exclusive));
    } catch (error) {
      throw isLockFailure(error) ? new TableBusy(table, error) : error;
    }
  }
}

/**
 * Repeats `work`, a transaction that calls `lockTables`, until it gets its locks.
 *
 * Throws a `TableLockedError` that says who is in the way when `timeout` milliseconds have passed; it begins with
 * `failed`.
 */
export async function untilLocked(
  connection: AttachConnection,
  timeout: number,
  work: () => Promise<void>,
  failed = 'Event triggers could not be attached',
): Promise<void> {
  const deadline = performance.now() + timeout;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof TableBusy) && !isLockFailure(error)) throw error;
      const pause = PAUSE * (1 + Math.random());
      if (performance.now() + pause < deadline) await sleep(pause);
      else throw await lockedError(connection, `${failed} within ${timeout} ms`, error);
    }
  }
}

function isLockFailure(error: unknown): boolean {
  return [LOCK_NOT_AVAILABLE, DEADLOCK_DETECTED].includes(sqlState(error) ?? '');
}

async function lockedError(
  connection: AttachConnection,
  failed: string,
  error: unknown,
): Promise<TableLockedError> {
  if (!(error instanceof TableBusy)) {
    return new TableLockedError(`${failed}: another process is attaching`, {
      hint: 'Raise attachTimeout, or look at pg_stat_activity for who it is.',
      cause: error,
    });
  }
  const { table, cause } = error;
  const { rows } = await connection.query(SELECT_LOCK_HOLDERS, [table.relations, table.exclusive]);
  const holders = asList((rows as LockHolder[]).map(describe));
  return new TableLockedError(
    `${failed}, because ${table.name} is locked by${holders || ' nobody any more'}`,
    {
      hint: 'Wait for them or end them with pg_terminate_backend(pid), or raise attachTimeout.',
      cause,
    },
  );
}

function describe({ pid, user, state, query, ageSeconds }: LockHolder): string {
  if (pid === null) return 'a prepared transaction (see pg_prepared_xacts)';
  return `pid ${pid}, ${user ?? 'unknown'}, ${state ?? 'unknown'}, in a transaction for ${ageSeconds ?? 0} s: ${query ?? ''}`;
}
