import type { Bucket } from './answers.js';

const MINUTE = 60_000;

/** A bucket for each of the last minutes, the current one included, also where nothing was attempted. */
export function everyMinute(buckets: readonly Bucket[], minutes: number, now: number): Bucket[] {
  const counted = new Map(buckets.map((bucket) => [minuteOf(Date.parse(bucket.at)), bucket]));
  const last = minuteOf(now);
  return Array.from({ length: minutes }, (_, place) => {
    const minute = last - (minutes - 1 - place);
    const { delivered, failed } = counted.get(minute) ?? { delivered: 0, failed: 0 };
    return { at: new Date(minute * MINUTE).toISOString(), delivered, failed };
  });
}

const minuteOf = (time: number): number => Math.floor(time / MINUTE);
