// @ts-check
import { readdir, readFile } from 'node:fs/promises';

const MICROSECONDS_PER_MILLISECOND = 1_000;
/** Linux counts CPU in hundredths of a second, whatever the kernel's own clock does. */
const MILLISECONDS_PER_TICK = 10;

/** Milliseconds of CPU that this process has used so far. */
export function cpuMilliseconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / MICROSECONDS_PER_MILLISECOND;
}

/**
 * Milliseconds of CPU of a process, of its children that run, and of those that have ended. Not a number where there is
 * no /proc.
 *
 * @param {number} parent
 */
export async function cpuOfFamily(parent) {
  const entries = await readdir('/proc').catch(() => []);
  const stats = await Promise.all(
    entries.filter((entry) => /^\d+$/.test(entry)).map((entry) => statOf(Number(entry))),
  );
  const family = stats.filter((stat) => stat?.pid === parent || stat?.parent === parent);
  if (family.length === 0) return Number.NaN;
  return family.reduce((sum, stat) => sum + (stat?.ticks ?? 0), 0) * MILLISECONDS_PER_TICK;
}

/**
 * By proc(5): the fields behind the command, which may hold blanks, in parentheses.
 *
 * @param {number} pid
 */
async function statOf(pid) {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => null);
  if (text === null) return null;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [user, system, ofEndedUser, ofEndedSystem] = fields.slice(11, 15).map(Number);
  const ticks = (user ?? 0) + (system ?? 0) + (ofEndedUser ?? 0) + (ofEndedSystem ?? 0);
  return { pid, parent: Number(fields[1]), ticks };
}
