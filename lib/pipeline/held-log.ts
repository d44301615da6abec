import type { Database } from '../database.js';
import type { QuotedIdentifier } from '../schema/identifier.js';
import { selectHeld } from './held-log.sql.js';

const GIGABYTE = 1e9;

/** Why a trigger will not get its events before somebody does something about it. */
type Stuck = 'paused' | 'failing' | 'abandoned';

/** What a trigger keeps in the event log that is older than the retention, because it has not got it. */
export interface HeldLog {
  readonly trigger: string;
  readonly application: string;
  /** Whether it gets ever more. */
  readonly captures: boolean;
  /** Of days that several triggers need, each has all. */
  readonly bytes: number;
  /** When the oldest day of it begins. */
  readonly since: Date;
  /** Null where it makes progress. */
  readonly stuck: Stuck | null;
}

/**
 * What is kept beyond the retention, most first.
 *
 * @param retention milliseconds
 */
export async function readHeld(
  database: Database,
  schema: QuotedIdentifier,
  retention: number,
): Promise<HeldLog[]> {
  const rows = await database.run('event-triggers:held', selectHeld(schema), [-retention]);
  return rows.map(([trigger, application, captures, bytes, since, stuck]) => ({
    trigger: trigger ?? '',
    application: application ?? '',
    captures: captures === 't',
    bytes: Number(bytes),
    since: new Date(Number(since)),
    stuck: (stuck ?? null) as Stuck | null,
  }));
}

/** Those that get ever more and will not get rid of it, and keep more than they may. */
export function overfull(held: readonly HeldLog[], mostBytes: number): HeldLog[] {
  return held.filter(
    ({ captures, stuck, bytes }) => captures && stuck !== null && bytes > mostBytes,
  );
}

/** `"order_created" (3.2 GB since 2026-11-02: paused)` */
export function worded({ trigger, bytes, since, stuck }: HeldLog): string {
  const size = `${(bytes / GIGABYTE).toFixed(1)} GB`;
  return `"${trigger}" (${size} since ${since.toISOString().slice(0, 10)}: ${REASONS[stuck ?? 'late']})`;
}

const REASONS: Readonly<Record<Stuck | 'late', string>> = {
  paused: 'its delivery is paused',
  failing: 'its destination fails',
  abandoned: 'no dispatcher of its application runs',
  late: 'it is behind',
};
