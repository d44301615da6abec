declare const brand: unique symbol;

/** An SQL identifier that is quoted and may be placed in a statement as it is. */
export type QuotedIdentifier = string & { readonly [brand]: 'QuotedIdentifier' };

/** Postgres cuts longer names off silently (NAMEDATALEN − 1), so that two of them could become one. */
export const MAX_IDENTIFIER_BYTES = 63;

/**
 * The one way a name gets into SQL text.
 *
 * Accepts whatever Postgres accepts as a name, so names with quotes, dots or capitals work; throws a
 * `RangeError` for what Postgres would refuse or cut off.
 */
export function quoteIdentifier(name: string): QuotedIdentifier {
  if (name.length === 0) throw new RangeError('An SQL identifier cannot be empty');
  if (name.includes('\0'))
    throw new RangeError('An SQL identifier cannot contain the character NUL');
  const bytes = Buffer.byteLength(name, 'utf8');
  if (bytes > MAX_IDENTIFIER_BYTES) {
    throw new RangeError(
      `The SQL identifier "${name}" has ${bytes} bytes; Postgres keeps ${MAX_IDENTIFIER_BYTES}`,
    );
  }
  return `"${name.replaceAll('"', '""')}"` as QuotedIdentifier;
}

/** A text as an SQL literal, for DDL, where Postgres takes no parameters. */
export function quoteLiteral(text: string): string {
  if (text.includes('\0')) throw new RangeError('An SQL text cannot contain the character NUL');
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}
