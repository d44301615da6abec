import type { Bucket } from './answers.js';

/** A bar of a sparkline: what was delivered from below, what failed on top of it. */
export interface Bar {
  readonly x: number;
  readonly width: number;
  readonly delivered: number;
  readonly failed: number;
}

/** More bars than this are thinner than a pixel. */
const MOST_BARS = 30;

/** The bars of a sparkline of this size; heights are rounded up, so that one attempt is seen beside thousands. */
export function barsOf(buckets: readonly Bucket[], width: number, height: number): Bar[] {
  const merged = merge(buckets);
  const most = Math.max(1, ...merged.map(({ delivered, failed }) => delivered + failed));
  const step = width / Math.max(1, merged.length);
  const heightOf = (count: number): number =>
    count === 0 ? 0 : Math.max(1, Math.round((count / most) * height));
  return merged.map((bucket, place) => ({
    x: place * step,
    width: Math.max(1, step - 1),
    delivered: Math.min(heightOf(bucket.delivered), height - heightOf(bucket.failed)),
    failed: heightOf(bucket.failed),
  }));
}

function merge(buckets: readonly Bucket[]): { delivered: number; failed: number }[] {
  const size = Math.max(1, Math.ceil(buckets.length / MOST_BARS));
  const merged: { delivered: number; failed: number }[] = [];
  buckets.forEach(({ delivered, failed }, place) => {
    const group = Math.floor(place / size);
    const sum = (merged[group] ??= { delivered: 0, failed: 0 });
    sum.delivered += delivered;
    sum.failed += failed;
  });
  return merged;
}
