/** The server counts no further. */
const MOST_COUNTED = 10_000;

const GROUPED = new Intl.NumberFormat('en-US');

export const countText = (count: number): string =>
  count >= MOST_COUNTED ? `${GROUPED.format(MOST_COUNTED)}+` : GROUPED.format(count);

export const exactText = (count: number): string => GROUPED.format(count);

/** `1 event`, `2 events`. */
export const eventsText = (count: number): string =>
  `${GROUPED.format(count)} ${count === 1 ? 'event' : 'events'}`;

/** Attempts a minute: few with a decimal place, many without. */
export function rateText(attempts: number, minutes: number): string {
  const rate = attempts / minutes;
  if (rate === 0) return '0/min';
  if (rate < 0.1) return '<0.1/min';
  return `${rate < 10 ? Number(rate.toFixed(1)) : GROUPED.format(Math.round(rate))}/min`;
}

/** The share of failed attempts; null where there was none. */
export function errorRateText(failed: number, attempts: number): string | null {
  if (attempts === 0) return null;
  if (failed === 0) return '0%';
  const share = (failed / attempts) * 100;
  if (share < 0.1) return '<0.1%';
  // Rounding must not make all of them of what was nearly all.
  return `${share < 100 ? Math.min(99.9, Number(share.toFixed(1))) : 100}%`;
}
