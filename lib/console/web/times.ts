const LOCAL: Intl.DateTimeFormatOptions = {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
};

/** A time in the zone of the viewer, or in the one that is given. */
export const localText = (iso: string, timeZone?: string): string =>
  new Date(iso).toLocaleString('en-GB', { ...LOCAL, ...(timeZone ? { timeZone } : {}) });

/** The same in UTC, as logs have it. */
export const utcText = (iso: string): string =>
  `${new Date(iso).toISOString().replace('T', ' ').replace('Z', '')} UTC`;

const two = (value: number): string => String(value).padStart(2, '0');

/** What a field for a local time holds: no zone, to the second. */
export function fieldOf(time: Date): string {
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${date}T${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

/** The moment that a field for a local time means; null where it is empty or half written. */
export function momentOf(field: string): string | null {
  if (field === '') return null;
  const time = new Date(field);
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}
