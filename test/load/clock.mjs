// @ts-check
const NANOSECONDS_PER_MILLISECOND = 1e6;

/**
 * Milliseconds of the machine's monotonic clock. It is one clock for all processes of the machine, unlike
 * `performance.now()`, which begins anew in each, and unlike the time of day nobody sets it.
 */
export function now() {
  return Number(process.hrtime.bigint()) / NANOSECONDS_PER_MILLISECOND;
}
