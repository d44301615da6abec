import { DURATION_FORMS, parseDuration, type Duration } from '../../duration.js';
import { InvalidOptionsError } from '../../event-triggers.errors.js';
import type { QuotedIdentifier } from '../../schema/identifier.js';
import { dateOf } from '../deliver/created-at.js';
import type { RunStatement } from './application-events.js';
import { stalledStreamsStatement } from './stream-progress.sql.js';

const MS_PER_SECOND = 1_000;
/** Attempts are counted every five seconds; below twice that a stream that works would seem to stand still. */
const SHORTEST_MS = 10 * MS_PER_SECOND;
const DEFAULT_MS = 5 * 60 * MS_PER_SECOND;

export interface ProgressOptions {
  /** For how long something may wait while nothing is attempted. */
  readonly stalledAfter?: Duration;
}

/** @throws InvalidOptionsError */
export function stalledAfterMs(stalledAfter: Duration = DEFAULT_MS): number {
  const milliseconds = parseDuration(stalledAfter);
  if (milliseconds !== undefined && milliseconds >= SHORTEST_MS) return milliseconds;
  throw new InvalidOptionsError(`stalledAfter is ${JSON.stringify(stalledAfter)}`, {
    hint: `Give ${DURATION_FORMS}, from 10 seconds: attempts are counted every five.`,
  });
}

/**
 * What waits: changes that nobody has claimed, events whose next attempt is overdue, or events in the hands of a
 * dispatcher that is gone.
 */
export type StalledWork = 'unclaimed' | 'overdue' | 'abandoned';

/** A trigger of which something has waited for too long, while no attempt at any of its events has ended. */
export interface StalledTrigger {
  readonly name: string;
  /** Since when the oldest of it waits. */
  readonly since: Date;
  readonly waits: StalledWork;
}

type StalledRow = { readonly name: string } & Readonly<Record<StalledWork, string | null>>;

const KINDS: readonly StalledWork[] = ['unclaimed', 'overdue', 'abandoned'];

/** Those of an application, by name; as the database sees it, which does not know what keeps a dispatcher back. */
export async function stalledTriggers(
  run: RunStatement,
  schema: QuotedIdentifier,
  application: string,
  stalledAfterMs: number,
): Promise<StalledTrigger[]> {
  const rows = await run<StalledRow>(stalledStreamsStatement(schema), [
    application,
    stalledAfterMs,
  ]);
  return rows.map((row) => ({ name: row.name, ...oldestOf(row) }));
}

function oldestOf(row: StalledRow): Pick<StalledTrigger, 'since' | 'waits'> {
  const [oldest] = KINDS.flatMap((waits) => {
    const at = row[waits];
    return at === null ? [] : [{ waits, since: dateOf(at) }];
  }).toSorted((one, other) => one.since.getTime() - other.since.getTime());
  // The statement answers with those alone of which something waits.
  return oldest!;
}
