import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonTokens } from '../../lib/console/web/json-tokens.js';

const textOf = (value: unknown): string =>
  jsonTokens(value)
    .map(({ text }) => text)
    .join('');

describe('JSON in colours', () => {
  it('reads like the JSON it was made of, whatever that is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(textOf(value)).toBe(JSON.stringify(value, null, 2));
      }),
    );
  });

  it('tells names, texts, numbers and words apart, also inside of texts', () => {
    const pieces = jsonTokens({ 'a:1': 'true 2 "x": 3', b: -1.5e3, c: null });
    const found = pieces
      .filter(({ kind }) => kind !== 'other')
      .map(({ kind, text }) => [kind, text]);
    expect(found).toEqual([
      ['name', '"a:1"'],
      ['string', String.raw`"true 2 \"x\": 3"`],
      ['name', '"b"'],
      ['number', '-1500'],
      ['name', '"c"'],
      ['word', 'null'],
    ]);
  });

  it('shows a number that came as text as it stands in the database', () => {
    expect(textOf({ total: '1234567890123456789.10' })).toContain('"1234567890123456789.10"');
  });
});
