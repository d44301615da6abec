// @ts-check

/** @param {readonly number[]} samples */
export function median(samples) {
  return percentile(samples, 50);
}

/**
 * The value that the given share of the samples does not exceed, between two samples by their distance.
 *
 * @param {readonly number[]} samples
 * @param {number} percent
 */
export function percentile(samples, percent) {
  if (samples.length === 0) return Number.NaN;
  const ordered = samples.toSorted((a, b) => a - b);
  const place = ((ordered.length - 1) * percent) / 100;
  const below = ordered[Math.floor(place)] ?? Number.NaN;
  const above = ordered[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

/**
 * Round by round, because what disturbs a round disturbs both sides of it.
 *
 * @param {readonly number[]} measured
 * @param {readonly number[]} controls
 */
export function ratios(measured, controls) {
  return measured.map((value, round) => value / (controls[round] ?? Number.NaN));
}
