export interface JsonToken {
  readonly kind: 'name' | 'string' | 'number' | 'word' | 'other';
  readonly text: string;
}

const TOKEN =
  /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)|\b(true|false|null)\b/g;
const INDENT = 2;

/** A value as indented JSON, in pieces that can be coloured. What is text stays text, also where it looks like a number. */
export function jsonTokens(value: unknown): JsonToken[] {
  const json = JSON.stringify(value, null, INDENT) ?? 'null';
  const tokens: JsonToken[] = [];
  let end = 0;
  for (const match of json.matchAll(TOKEN)) {
    const [text, string, colon, number] = match;
    if (match.index > end) tokens.push({ kind: 'other', text: json.slice(end, match.index) });
    if (string === undefined) tokens.push({ kind: number === undefined ? 'word' : 'number', text });
    else {
      tokens.push({ kind: colon === undefined ? 'string' : 'name', text: string });
      if (colon !== undefined) tokens.push({ kind: 'other', text: colon });
    }
    end = match.index + text.length;
  }
  if (end < json.length) tokens.push({ kind: 'other', text: json.slice(end) });
  return tokens;
}
