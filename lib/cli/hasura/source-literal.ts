/** An expression that stands in the source as it is, in one line. */
export class SourceCode {
  constructor(readonly text: string) {}

  get isTemplate(): boolean {
    return this.text.startsWith('`');
  }

  /** The same, where only a text may stand. */
  asText(): SourceCode {
    return this.isTemplate ? this : new SourceCode(`\`\${${this.text} ?? ''}\``);
  }
}

/** What can be written as source text. */
export type SourceValue =
  | null
  | boolean
  | number
  | string
  | SourceCode
  | readonly SourceValue[]
  | { readonly [key: string]: SourceValue | undefined };

/** Columns of a line where a project says nothing else to Prettier. */
export const LINE_WIDTH = 80;
const STEP = 2;
const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/**
 * A value as source text, broken into lines as Prettier would.
 *
 * @param indent columns before the line that it begins in
 * @param before columns of that line that are taken, the indent among them
 */
export function literal(value: SourceValue, indent: number, before: number): string {
  const inline = inlineLiteral(value);
  // What follows it is a comma.
  const isWide = before + inline.length + 1 > LINE_WIDTH;
  return isGroup(value) && (isWide || isAlwaysBroken(value))
    ? brokenLiteral(value, indent)
    : inline;
}

/** A list or an object with a line for each part. */
export function brokenLiteral(value: SourceGroup, indent: number): string {
  const inner = indent + STEP;
  const parts = isArray(value)
    ? value.map((item) => literal(item, inner, inner))
    : entriesOf(value).map(([key, item]) => property(key, item, inner));
  const [open, close] = isArray(value) ? '[]' : '{}';
  const lines = parts.map((part) => `${' '.repeat(inner)}${part},\n`).join('');
  return `${open}\n${lines}${' '.repeat(indent)}${close}`;
}

/** A property of an object, without what follows it. */
export function property(key: string, value: SourceValue, indent: number): string {
  const name = `${keyLiteral(key)}:`;
  const text = literal(value, indent, indent + name.length + 1);
  const isWide = indent + name.length + 1 + text.length + 1 > LINE_WIDTH;
  return isWide && isBelow(value)
    ? `${name}\n${' '.repeat(indent + STEP)}${text}`
    : `${name} ${text}`;
}

/** Whether it goes to the next line where it is too long; a template never does. */
const isBelow = (value: SourceValue): boolean =>
  typeof value === 'string' || (isCode(value) && !value.isTemplate);

/** A text in the quotes that need fewer escapes. */
export function textLiteral(text: string): string {
  const inner = escaped(text);
  const count = (quote: string): number => text.split(quote).length - 1;
  return count("'") > count('"')
    ? `"${inner.replaceAll('"', '\\"')}"`
    : `'${inner.replaceAll("'", "\\'")}'`;
}

/** With everything escaped but quotes. */
export const escaped = (text: string): string =>
  JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"');

function inlineLiteral(value: SourceValue): string {
  if (typeof value === 'string') return textLiteral(value);
  if (isCode(value)) return value.text;
  if (!isGroup(value)) return String(value);
  if (isArray(value)) return `[${value.map(inlineLiteral).join(', ')}]`;
  const entries = entriesOf(value).map(
    ([key, item]) => `${keyLiteral(key)}: ${inlineLiteral(item)}`,
  );
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}

/** A list of several objects stands in lines of its own, however short it is. */
function isAlwaysBroken(value: SourceGroup): boolean {
  return (
    isArray(value) &&
    value.length > 1 &&
    value.every((item) => isGroup(item) && !isArray(item) && entriesOf(item).length > 1)
  );
}

type SourceObject = { readonly [key: string]: SourceValue | undefined };
type SourceGroup = readonly SourceValue[] | SourceObject;

export const isCode = (value: unknown): value is SourceCode => value instanceof SourceCode;

const isArray = (value: SourceValue): value is readonly SourceValue[] => Array.isArray(value);

const isGroup = (value: SourceValue): value is SourceGroup =>
  typeof value === 'object' && value !== null && !isCode(value);

function entriesOf(value: SourceObject): [string, SourceValue][] {
  return Object.entries(value).flatMap(([key, item]) =>
    item === undefined ? [] : [[key, item] as [string, SourceValue]],
  );
}

const keyLiteral = (key: string): string => (IDENTIFIER.test(key) ? key : textLiteral(key));
