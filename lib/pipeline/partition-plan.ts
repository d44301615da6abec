const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** How long the logs are kept, in milliseconds. */
export interface Retention {
  readonly events: number;
  readonly attempts: number;
  readonly deadLetters: number;
}

/** A partition as the database has it; a default one has no bounds. Times are milliseconds since 1970. */
export interface Partition {
  readonly log: string;
  readonly name: string;
  readonly startsAt: number | null;
  readonly endsAt: number | null;
  /** The oldest row of a default partition; null where it has none. */
  readonly oldest: number | null;
}

/** A partition with bounds. */
export interface BoundedPartition extends Partition {
  readonly startsAt: number;
  readonly endsAt: number;
}

/** What one round of upkeep has to do. */
export interface PartitionPlan {
  readonly make: readonly BoundedPartition[];
  /** Old enough to go if nothing in them is needed, oldest first. */
  readonly leave: readonly BoundedPartition[];
}

interface LogTerms {
  /** The time that one partition covers. */
  readonly span: number;
  /** How long after its end a partition is kept. */
  readonly kept: (retention: Retention) => number;
}

/** What dispatchers have to remember of their work goes so long after the last reference to it. */
const BOOKKEEPING = 2 * HOUR;

/** In this order they leave: a batch has to go before the mark that it is done. */
const LOGS: Readonly<Record<string, LogTerms>> = {
  event: { span: DAY, kept: ({ events }) => events },
  attempt: { span: DAY, kept: ({ attempts }) => attempts },
  tally: { span: DAY, kept: ({ attempts }) => attempts },
  batch: { span: HOUR, kept: () => BOOKKEEPING },
  batch_done: { span: HOUR, kept: () => BOOKKEEPING },
  tick: { span: HOUR, kept: () => BOOKKEEPING },
};

/** Made ahead, so that an upkeep that fails for a while costs nothing. */
const AHEAD = 2;
/**
 * A partition is not attached for a time in which rows may be on their way to the default one: a write that
 * has been routed there would fail on what it then finds. Longer than a write takes from its time to its row.
 */
const NOBODY_WRITES = 60_000;

/**
 * Which partitions to make and which may leave.
 *
 * @param existing all partitions of the logs
 * @param now milliseconds since 1970 by the clock of the database
 */
export function planPartitions(
  existing: readonly Partition[],
  retention: Retention,
  now: number,
): PartitionPlan {
  const known = new Set(existing.map(({ name }) => name));
  const make = Object.entries(LOGS).flatMap(([log, { span }]) => [
    ...upcoming(log, span, now),
    ...misplaced(log, span, existing, now),
  ]);
  const leave = Object.entries(LOGS).flatMap(([log, { kept }]) =>
    existing
      .filter((one): one is BoundedPartition => one.log === log && isBounded(one))
      .filter(({ endsAt }) => endsAt <= now - kept(retention))
      .toSorted((one, other) => one.startsAt - other.startsAt),
  );
  return { make: make.filter(({ name }) => !known.has(name)), leave };
}

/** Until when rows of a log in its default partition are kept. */
export const keptSince = (log: string, retention: Retention, now: number): number =>
  now - (LOGS[log]?.kept(retention) ?? Number.POSITIVE_INFINITY);

/** The logs in the order in which they are tidied up. */
export const LOG_NAMES = Object.keys(LOGS);

/** Not the present one, which the migration made, or an upkeep of before. */
function upcoming(log: string, span: number, now: number): BoundedPartition[] {
  const first = Math.ceil((now + NOBODY_WRITES) / span);
  return Array.from({ length: AHEAD }, (_, index) => partition(log, span, first + index));
}

/** For the oldest rows that lie in the default partition. */
function misplaced(
  log: string,
  span: number,
  existing: readonly Partition[],
  now: number,
): BoundedPartition[] {
  const oldest = existing.find((one) => one.log === log && !isBounded(one))?.oldest ?? null;
  if (oldest === null) return [];
  const own = partition(log, span, Math.floor(oldest / span));
  return own.endsAt <= now - NOBODY_WRITES ? [own] : [];
}

function partition(log: string, span: number, place: number): BoundedPartition {
  const startsAt = place * span;
  return { log, name: nameOf(log, startsAt), startsAt, endsAt: startsAt + span, oldest: null };
}

/** `event_2026112600`: the hour in UTC that it begins with. */
const nameOf = (log: string, startsAt: number): string =>
  `${log}_${new Date(startsAt).toISOString().slice(0, 13).replaceAll(/\D/g, '')}`;

const isBounded = ({ startsAt, endsAt }: Partition): boolean =>
  startsAt !== null && endsAt !== null;
