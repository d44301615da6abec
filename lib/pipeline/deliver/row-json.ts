const quote = 34;
const comma = 44;
const colon = 58;
const openBracket = 91;
const backslash = 92;
const closeBracket = 93;
const openBrace = 123;
const closeBrace = 125;
const lastBlank = 32;

/**
 * The JSON object with those of its top-level members that are named, in the order they stand in.
 *
 * Values are copied as text and never parsed, so that `9223372036854775807`, `10.50`, `1e400` and `\u0000` leave as
 * Postgres printed them; only names are decoded. A name that is not in the object is simply not in the result.
 *
 * @param json a complete JSON object, such as `row_to_json` prints
 * @throws SyntaxError when the text is no JSON object
 */
export function pickMembers(json: string, names: ReadonlySet<string>): string {
  let position = expect(json, skipBlanks(json, 0), openBrace);
  let picked = '';
  position = skipBlanks(json, position);
  if (json.charCodeAt(position) === closeBrace) return '{}';
  for (;;) {
    const start = position;
    const nameEnd = endOfString(json, start);
    position = expect(json, skipBlanks(json, nameEnd), colon);
    position = endOfValue(json, skipBlanks(json, position));
    if (names.has(decodedName(json, start, nameEnd))) {
      picked += (picked === '' ? '' : ',') + json.slice(start, position);
    }
    position = skipBlanks(json, position);
    if (json.charCodeAt(position) === closeBrace) return `{${picked}}`;
    position = skipBlanks(json, expect(json, position, comma));
  }
}

function skipBlanks(json: string, position: number): number {
  while (json.charCodeAt(position) <= lastBlank) position += 1;
  return position;
}

function expect(json: string, position: number, character: number): number {
  if (json.charCodeAt(position) !== character) throw malformed(position);
  return position + 1;
}

/** The text itself stays out of the message: it is a row, and messages are logged. */
function malformed(position: number): SyntaxError {
  return new SyntaxError(`The stored row is no JSON object: unexpected text at ${position}`);
}

/** Where the string that starts at `start` has ended: after the first quote that no backslash escapes. */
function endOfString(json: string, start: number): number {
  let end = expect(json, start, quote);
  for (;;) {
    end = json.indexOf('"', end);
    if (end === -1) throw malformed(json.length);
    if (!isEscaped(json, end)) return end + 1;
    end += 1;
  }
}

/** An odd number of backslashes escapes what follows; in an even number each second one is itself escaped. */
function isEscaped(json: string, position: number): boolean {
  let first = position;
  while (json.charCodeAt(first - 1) === backslash) first -= 1;
  return (position - first) % 2 === 1;
}

function endOfValue(json: string, start: number): number {
  const first = json.charCodeAt(start);
  if (first === quote) return endOfString(json, start);
  if (first === openBrace || first === openBracket) return endOfNested(json, start);
  return endOfScalar(json, start);
}

/** Braces and brackets pair up in any JSON text, so one depth for both is enough. */
function endOfNested(json: string, start: number): number {
  let depth = 0;
  let position = start;
  while (position < json.length) {
    const character = json.charCodeAt(position);
    if (character === quote) {
      position = endOfString(json, position);
      continue;
    }
    position += 1;
    if (character === openBrace || character === openBracket) depth += 1;
    if (character === closeBrace || character === closeBracket) depth -= 1;
    if (depth === 0) return position;
  }
  throw malformed(position);
}

function endOfScalar(json: string, start: number): number {
  let position = start;
  for (; position < json.length; position += 1) {
    const character = json.charCodeAt(position);
    if (character === comma || character === closeBrace || character <= lastBlank) break;
  }
  if (position === start) throw malformed(position);
  return position;
}

/** The name between its quotes; Postgres escapes quotes, backslashes and control characters in it. */
function decodedName(json: string, start: number, end: number): string {
  const raw = json.slice(start + 1, end - 1);
  return raw.includes('\\') ? (JSON.parse(`"${raw}"`) as string) : raw;
}
