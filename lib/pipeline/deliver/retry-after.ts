const SECONDS = /^\d+(?:\.\d+)?$/;
/** The three forms of RFC 9110 §5.6.7; only the last one does not name its time zone, which is GMT too. */
const DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .+$/;
const NAMES_ZONE = /(?:GMT|UTC|[+-]\d{4})$/;

/**
 * The pause that an answer asks for, in milliseconds (RFC 9110 §10.2.3: seconds, or a date).
 *
 * A date is taken relative to the answer's own `Date`, so that a receiver's wrong clock does not matter.
 * Whatever is unreadable or lies in the past asks for nothing.
 */
export function retryAfterOf(
  retryAfter: string | string[] | undefined,
  date: string | string[] | undefined,
  now: number,
): number | null {
  const text = (Array.isArray(retryAfter) ? retryAfter[0] : retryAfter)?.trim();
  if (text === undefined) return null;
  if (SECONDS.test(text)) return positive(Math.ceil(Number(text)) * 1_000);
  const sent = instantOf(typeof date === 'string' ? date.trim() : '');
  return positive(instantOf(text) - (Number.isNaN(sent) ? now : sent));
}

/** NaN for anything that is no date of HTTP: `Date.parse` alone finds one in nearly every text. */
function instantOf(text: string): number {
  if (!DATE.test(text)) return Number.NaN;
  return Date.parse(NAMES_ZONE.test(text) ? text : `${text} GMT`);
}

const positive = (milliseconds: number): number | null =>
  milliseconds > 0 ? Math.min(milliseconds, Number.MAX_SAFE_INTEGER) : null;
