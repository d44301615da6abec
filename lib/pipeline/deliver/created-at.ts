const endOfDate = 10;
const endOfMinute = 16;
const secondsAt = 17;
const fractionAt = 20;
const endOfMilliseconds = 23;
const digitZero = 48;

/** Postgres prints a UTC timestamptz with this offset; the capture function pins the time zone. */
const utcOffset = '+00';

/**
 * The instant as ISO 8601 with every digit Postgres printed: `2026-11-24T04:11:40.123456Z`.
 *
 * @param createdAt as Postgres prints a timestamptz in UTC: `2026-11-24 04:11:40.123456+00`
 */
export function isoOf(createdAt: string): string {
  return `${createdAt.slice(0, endOfDate)}T${createdAt.slice(endOfDate + 1, -utcOffset.length)}Z`;
}

/** As Postgres prints it: without the zeros that end a fraction, where it was formatted with all six digits. */
export const asPrinted = (createdAt: string): string => createdAt.replace(/\.?0+(?=\+00$)/, '');

/** The same as a Date, to the millisecond. */
export const dateOf = (createdAt: string): Date => new Date(isoOf(createdAt));

let lastMinute = '';
let lastMinuteStart = 0;

/**
 * The instant in whole milliseconds since 1970, cut and not rounded.
 *
 * Events of one page were mostly captured within one minute, so `Date.parse` runs once for all of them: it alone
 * costs more than the rest of an event's id.
 */
export function millisecondsOf(createdAt: string): number {
  const minute = createdAt.slice(0, endOfMinute);
  if (minute !== lastMinute) {
    lastMinuteStart = Date.parse(`${minute.slice(0, endOfDate)}T${minute.slice(endOfDate + 1)}Z`);
    lastMinute = minute;
  }
  const seconds = digitAt(createdAt, secondsAt) * 10 + digitAt(createdAt, secondsAt + 1);
  return lastMinuteStart + seconds * 1000 + millisecondsOfFraction(createdAt);
}

/** Postgres drops the zeros at the end of a fraction, and the whole fraction when it is zero. */
function millisecondsOfFraction(createdAt: string): number {
  let milliseconds = 0;
  let weight = 100;
  const end = Math.min(endOfMilliseconds, createdAt.length - utcOffset.length);
  for (let index = fractionAt; index < end; index += 1) {
    milliseconds += digitAt(createdAt, index) * weight;
    weight /= 10;
  }
  return milliseconds;
}

function digitAt(text: string, index: number): number {
  return text.charCodeAt(index) - digitZero;
}
