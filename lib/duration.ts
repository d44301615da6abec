/** A length of time: milliseconds as a number, or a number with its unit: `'500ms'`, `'90s'`, `'15m'`, `'1h'`, `'7d'`. */
export type Duration = number | string;

const MILLISECONDS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const WITH_UNIT = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** What a reader of an error message may write instead. */
export const DURATION_FORMS = `milliseconds or a text such as '500ms', '90s', '15m', '1h', '7d'`;

/** The milliseconds of `duration`, rounded to whole ones; undefined for anything that is no length of time. */
export function parseDuration(duration: unknown): number | undefined {
  if (typeof duration === 'number') return finite(duration);
  if (typeof duration !== 'string') return undefined;
  const [, amount, unit] = WITH_UNIT.exec(duration.trim()) ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  return finite(Number(amount) * MILLISECONDS[unit as keyof typeof MILLISECONDS]);
}

/** The same for a value that was validated before. */
export function milliseconds(duration: Duration): number {
  const parsed = parseDuration(duration);
  if (parsed === undefined) throw new RangeError(`"${duration}" is not ${DURATION_FORMS}`);
  return parsed;
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) && value >= 0 ? Math.round(value) : undefined;
}
