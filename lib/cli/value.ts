import { InvalidArgumentError } from 'commander';
import { parseDuration, DURATION_FORMS } from '../duration.js';

/** A time as ISO 8601 says it. */
export function timeOf(text: string): Date {
  const time = new Date(text);
  if (!Number.isNaN(time.getTime())) return time;
  throw new InvalidArgumentError("Give a time as '2026-11-28' or '2026-11-28T09:30:00Z'.");
}

/** How many. */
export function countOf(text: string): number {
  const count = Number(text);
  if (text !== '' && Number.isSafeInteger(count) && count >= 0) return count;
  throw new InvalidArgumentError('Give a whole number from 0.');
}

/** How many a second. */
export function rateOf(text: string): number {
  const rate = Number(text);
  if (Number.isFinite(rate) && rate > 0) return rate;
  throw new InvalidArgumentError('Give a number above 0.');
}

/** How long, as the options of the module say it. */
export function durationOf(text: string): string {
  if (parseDuration(text) !== undefined) return text;
  throw new InvalidArgumentError(`Give ${DURATION_FORMS}.`);
}

/** An option that is given several times. */
export const several = (text: string, before: readonly string[] = []): string[] => [
  ...before,
  text,
];
