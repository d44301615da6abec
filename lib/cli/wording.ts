const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
] as const;
const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;
const PER_BYTE_UNIT = 1_000;

/** How long ago something was, in its largest unit: `3 h`. */
export function ageOf(time: Date, now: Date = new Date()): string {
  const seconds = Math.max(0, Math.round((now.getTime() - time.getTime()) / 1_000));
  for (const [unit, size] of UNITS) {
    if (seconds >= size) return `${Math.floor(seconds / size)} ${unit}`;
  }
  return `${seconds} s`;
}

/** `3.2 GB` */
export function sizeOf(bytes: number): string {
  const power = Math.min(
    BYTE_UNITS.length - 1,
    bytes < 1 ? 0 : Math.floor(Math.log(bytes) / Math.log(PER_BYTE_UNIT)),
  );
  const amount = bytes / PER_BYTE_UNIT ** power;
  return `${power === 0 ? amount : amount.toFixed(1)} ${BYTE_UNITS[power] ?? ''}`;
}

/** `1 event`, `2 events` */
export const counted = (count: number, thing: string, things = `${thing}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? thing : things}`;

export const secondText = (time: Date): string => time.toISOString().replace('T', ' ').slice(0, 19);
