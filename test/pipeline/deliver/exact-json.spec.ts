import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePayload } from '../../../lib/pipeline/deliver/exact-json.js';

describe('the payload of a handler', () => {
  it.each([
    ['9007199254740991', 9_007_199_254_740_991],
    ['9007199254740992', '9007199254740992'],
    ['-9223372036854775808', '-9223372036854775808'],
    ['10.50', 10.5],
    ['0.1', 0.1],
    ['0.000123456789012345', 0.000123456789012345],
    ['12345678901234.56', '12345678901234.56'],
    ['1.00000000000000000001', '1.00000000000000000001'],
    ['1e400', '1e400'],
    ['1e-400', '1e-400'],
    ['1.5e10', 1.5e10],
    ['-0', -0],
    ['0', 0],
    ['"9007199254740993"', '9007199254740993'],
    ['"a \\" 9007199254740993"', 'a " 9007199254740993'],
  ])('has %s as %j', (text, value) => {
    expect(parsePayload(`[${text},{"a":${text}}]`)).toEqual([value, { a: value }]);
  });

  it('is what JSON.parse gives, whatever it holds that JavaScript can hold', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const text = JSON.stringify(value);
        const exact = JSON.stringify(parsePayload(text)).replace(/"(-?[\d.e+-]+)"/g, '$1');
        expect(exact).toBe(JSON.stringify(JSON.parse(text)).replace(/"(-?[\d.e+-]+)"/g, '$1'));
      }),
    );
  });

  it.each(['', '{', '[1,]', '{"a":01}'])('is refused where %j is no JSON', (text) => {
    expect(() => parsePayload(text)).toThrow(SyntaxError);
  });
});
