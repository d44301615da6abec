const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Two units are as exact as anybody wants to know: `5 s`, `3 min`, `2 h 10 min`, `4 d 3 h`. */
export function spanText(milliseconds: number): string {
  const span = Math.max(0, milliseconds);
  if (span < MINUTE) return `${Math.floor(span / SECOND)} s`;
  if (span < HOUR) return `${Math.floor(span / MINUTE)} min`;
  if (span < DAY) return both(span, HOUR, 'h', MINUTE, 'min');
  return both(span, DAY, 'd', HOUR, 'h');
}

function both(span: number, large: number, name: string, small: number, rest: string): string {
  const remainder = Math.floor((span % large) / small);
  return `${Math.floor(span / large)} ${name}${remainder > 0 ? ` ${remainder} ${rest}` : ''}`;
}

/** How far a time is from now: `just now`, `3 min ago`, `in 12 s`. */
export function distanceText(time: number, now: number): string {
  const span = now - time;
  if (span < 0) return `in ${spanText(-span)}`;
  return span < SECOND ? 'just now' : `${spanText(span)} ago`;
}

/** The seconds until a time, rounded up, so that it ends with zero: `in 12 s`. */
export function countdownText(time: number, now: number): string {
  const left = Math.ceil((time - now) / SECOND) * SECOND;
  return left <= 0 ? 'due now' : `in ${spanText(left)}`;
}

/** How long an attempt took: `8 ms`, `1.25 s`, `1 min`. */
export function durationText(milliseconds: number): string {
  if (milliseconds < SECOND) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < MINUTE) return `${Number((milliseconds / SECOND).toFixed(2))} s`;
  return spanText(milliseconds);
}
