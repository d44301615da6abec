import { EventTriggersError } from '../../event-triggers.errors.js';
import type { QuotedIdentifier } from '../../schema/identifier.js';
import { dateOf } from '../deliver/created-at.js';
import { percentile } from '../record/duration-scale.js';
import type { RunStatement } from './application-events.js';
import { statisticsStatements } from './statistics.sql.js';

/** Attempts of one minute. */
export interface MinuteOfAttempts {
  /** When it began. */
  readonly at: Date;
  readonly delivered: number;
  /** Attempts that did not get through, whether there are more of their events or not. */
  readonly failed: number;
}

/** What came of the attempts of a trigger. */
export interface TriggerStatistics {
  readonly attempts: number;
  readonly failed: number;
  /** Milliseconds within which 95 of 100 attempts were over, to a fifth; null without attempts. */
  readonly p95: number | null;
  /** Without those in which nothing was attempted. */
  readonly buckets: readonly MinuteOfAttempts[];
}

export const DEFAULT_MINUTES = 60;
/** A day: more than that is for a metrics server. */
const MOST_MINUTES = 1_440;
const MOST_OF_THEM = 0.95;

interface MinuteRow {
  readonly trigger: string;
  readonly at: string;
  readonly delivered: number;
  readonly failed: number;
}

interface DurationRow {
  readonly trigger: string;
  readonly place: number;
  readonly count: number;
}

/** By the names of triggers, without those that had no attempts. */
export async function deliveryStatistics(
  run: RunStatement,
  schema: QuotedIdentifier,
  application: string,
  minutes: number,
): Promise<Map<string, TriggerStatistics>> {
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > MOST_MINUTES) {
    throw new EventTriggersError('ET_INVALID_FILTER', `minutes cannot be ${minutes}`, {
      hint: `Ask for the last 1 to ${MOST_MINUTES} minutes.`,
    });
  }
  const statements = statisticsStatements(schema);
  const rows = await run<MinuteRow>(statements.minutes, [application, minutes]);
  const durations = await run<DurationRow>(statements.durations, [application, minutes]);
  const names = new Set(rows.map(({ trigger }) => trigger));
  const ofTrigger =
    (name: string) =>
    ({ trigger }: { readonly trigger: string }): boolean =>
      trigger === name;
  return new Map(
    [...names].map((name) => [
      name,
      summed(rows.filter(ofTrigger(name)), durations.filter(ofTrigger(name))),
    ]),
  );
}

function summed(rows: readonly MinuteRow[], durations: readonly DurationRow[]): TriggerStatistics {
  const failed = rows.reduce((sum, row) => sum + row.failed, 0);
  return {
    attempts: rows.reduce((sum, row) => sum + row.delivered, failed),
    failed,
    p95: percentile(new Map(durations.map(({ place, count }) => [place, count])), MOST_OF_THEM),
    buckets: rows.map(({ at, delivered, failed: lost }) => ({
      at: dateOf(at),
      delivered,
      failed: lost,
    })),
  };
}
