/** For a column of nulls too: `unnest` fills a shorter array up with nulls. */
const EMPTY = '{}';
const NEEDS_ESCAPE = /["\\]/g;

/**
 * Array literals as Postgres reads them (documentation, section 8.15.2), written directly: one parameter
 * for a column of hundreds of attempts costs a fraction of what generic array encoding does.
 */
export function numberArray(values: readonly (number | string | boolean | null)[]): string {
  if (values.every((value) => value === null)) return EMPTY;
  // An element that is null joins as nothing, so it is spelled out.
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`;
}

/** Any text but the character NUL, which Postgres does not store: it is replaced as unreadable. */
export function textArray(values: readonly (string | null)[]): string {
  if (values.every((value) => value === null)) return EMPTY;
  return `{${values.map(textElement).join(',')}}`;
}

function textElement(value: string | null): string {
  if (value === null) return 'NULL';
  return `"${value.replaceAll('\0', '\uFFFD').replace(NEEDS_ESCAPE, '\\$&')}"`;
}
