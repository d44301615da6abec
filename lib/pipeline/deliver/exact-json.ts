/** A string, which is left alone, or a number. */
const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g;
/** Every decimal of so many digits is its own number in JavaScript: IEEE 754 doubles have at least that precision. */
const EXACT_DIGITS = 15;
/** Beyond the exponents that such digits keep. */
const LARGEST = 1e308;
const SMALLEST = 1e-290;

/**
 * The value of a JSON text, with numbers that JavaScript cannot hold exactly as text: a `bigint` beyond 2^53 and a
 * `numeric` of many digits arrive as they stand in the database.
 *
 * @throws SyntaxError when it is no JSON
 */
export function parsePayload(json: string): unknown {
  return JSON.parse(
    json.replace(STRING_OR_NUMBER, (token) =>
      token.startsWith('"') || isExact(token) ? token : `"${token}"`,
    ),
  );
}

function isExact(text: string): boolean {
  const value = Number(text);
  // Too small for a number, and not the zero that it would become.
  if (value === 0) return !/[1-9]/.test(text.replace(/[eE].*/, ''));
  if (Number.isSafeInteger(value) && !text.includes('.')) return true;
  const size = Math.abs(value);
  if (size > LARGEST || size < SMALLEST) return false;
  const [mantissa = ''] = text.split(/[eE]/);
  const digits = mantissa.replace(/^-?0*\.?0*|\./g, '');
  return digits.length <= EXACT_DIGITS;
}
