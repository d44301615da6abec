const SECONDS = /^\d{1,10}(\.\d+)?$/;

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
  if (text === undefined || text === '') return null;
  if (SECONDS.test(text)) return positive(Math.ceil(Number(text)) * 1_000);
  // Numbers in other forms would be taken for years.
  if (/^[-+.\d]/.test(text)) return null;
  const sent = Date.parse(typeof date === 'string' ? date : '');
  return positive(Date.parse(text) - (Number.isNaN(sent) ? now : sent));
}

const positive = (milliseconds: number): number | null => (milliseconds > 0 ? milliseconds : null);
