// @ts-check
const MICROSECONDS_PER_MILLISECOND = 1_000;

/** Milliseconds of CPU that this process has used so far. */
export function cpuMilliseconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / MICROSECONDS_PER_MILLISECOND;
}
