import type { Plain } from './located-value.js';

/** Columns of a line where a project says nothing else to Prettier. */
export const LINE_WIDTH = 80;
const STEP = 2;
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/**
 * A value as source text, broken into lines as Prettier would.
 *
 * @param indent columns before the line that it begins in
 * @param before columns of that line that are taken, the indent among them
 */
export function literal(value: Plain, indent: number, before: number): string {
  const inline = inlineLiteral(value);
  // What follows it is a comma.
  const isWide = before + inline.length + 1 > LINE_WIDTH;
  if (typeof value !== 'object' || value === null || !(isWide || isAlwaysBroken(value)))
    return inline;
  const inner = indent + STEP;
  const parts = Array.isArray(value)
    ? value.map((item) => literal(item, inner, inner))
    : entriesOf(value).map(([key, item]) => property(key, item, inner));
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const lines = parts.map((part) => `${' '.repeat(inner)}${part},\n`).join('');
  return `${open}\n${lines}${' '.repeat(indent)}${close}`;
}

/** A property of an object, without what follows it. */
export function property(key: string, value: Plain, indent: number): string {
  const name = `${keyLiteral(key)}:`;
  const text = literal(value, indent, indent + name.length + 1);
  const isWide = indent + name.length + 1 + text.length + 1 > LINE_WIDTH;
  return typeof value === 'string' && isWide
    ? `${name}\n${' '.repeat(indent + STEP)}${text}`
    : `${name} ${text}`;
}

/** A text in the quotes that need fewer escapes. */
export function textLiteral(text: string): string {
  const escaped = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"');
  const count = (quote: string): number => text.split(quote).length - 1;
  return count("'") > count('"')
    ? `"${escaped.replaceAll('"', '\\"')}"`
    : `'${escaped.replaceAll("'", "\\'")}'`;
}

function inlineLiteral(value: Plain): string {
  if (typeof value === 'string') return textLiteral(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(inlineLiteral).join(', ')}]`;
  const entries = entriesOf(value).map(
    ([key, item]) => `${keyLiteral(key)}: ${inlineLiteral(item)}`,
  );
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}

/** A list of several objects stands in lines of its own, however short it is. */
function isAlwaysBroken(value: Plain): boolean {
  return (
    Array.isArray(value) &&
    value.length > 1 &&
    value.every(
      (item) =>
        typeof item === 'object' &&
        item !== null &&
        !Array.isArray(item) &&
        entriesOf(item).length > 1,
    )
  );
}

function entriesOf(value: { readonly [key: string]: Plain | undefined }): [string, Plain][] {
  return Object.entries(value).flatMap(([key, item]) =>
    item === undefined ? [] : [[key, item] as [string, Plain]],
  );
}

const keyLiteral = (key: string): string => (IDENTIFIER.test(key) ? key : textLiteral(key));
