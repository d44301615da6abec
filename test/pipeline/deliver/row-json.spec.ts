import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pickMembers } from '../../../lib/pipeline/deliver/row-json.js';

/** As a writer of json columns may leave it: blanks anywhere, names escaped. */
const loose = (value: unknown): string => JSON.stringify(value, null, 2).replaceAll('é', '\\u00e9');

describe('picking members out of a row’s text', () => {
  it('leaves what JSON.parse would leave, whatever stands in the row', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()),
        fc.array(fc.string({ unit: 'binary' })),
        fc.nat(),
        (row, others, some) => {
          const names = new Set([...Object.keys(row).slice(0, some % 4), ...others]);
          const expected = Object.fromEntries(
            Object.entries(JSON.parse(JSON.stringify(row)) as object).filter(([name]) =>
              names.has(name),
            ),
          );
          for (const text of [JSON.stringify(row), loose(row)]) {
            expect(JSON.parse(pickMembers(text, names))).toEqual(expected);
          }
        },
      ),
    );
  });

  it('copies values as they are and keeps their order', () => {
    const row = '{"b": 1e400 ,"a":10.50,"nested":{"a":[1,{"}":"\\"]"}]},"c":"\\u0000"}';
    expect(pickMembers(row, new Set(['c', 'b', 'nested']))).toBe(
      '{"b": 1e400,"nested":{"a":[1,{"}":"\\"]"}]},"c":"\\u0000"}',
    );
  });

  it('knows a name however it is escaped', () => {
    expect(pickMembers('{"\\u0061":1,"b\\"c":2,"d":3}', new Set(['a', 'b"c']))).toBe(
      '{"\\u0061":1,"b\\"c":2}',
    );
  });

  it.each(['{}', ' { } ', '{"a":1}'])(
    'of %j leaves an empty object where no name is in it',
    (row) => {
      expect(pickMembers(row, new Set(['other']))).toBe('{}');
    },
  );

  it.each(['', '[]', '{"a"}', '{"a":1', 'null'])(
    'refuses %j, which is no object, without showing it',
    (text) => {
      expect(() => pickMembers(text, new Set(['a']))).toThrow(SyntaxError);
    },
  );
});
