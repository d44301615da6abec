import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { numberArray, textArray } from '../../../lib/pipeline/record/array-literal.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

const RUNS = 60;

describe('an array as Postgres reads it', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });

  afterAll(() => database.drop());

  const read = async (type: string, literal: string) => {
    const [row] = await database.query<{ read: unknown[] }>(`select $1::${type}[] as read`, [
      literal,
    ]);
    return row?.read;
  };

  it('has the texts that were put in, with every quote, brace, backslash and null', async () => {
    const tricky = fc.constantFrom(
      '',
      'NULL',
      'null',
      '{',
      '}',
      '"',
      '\\',
      ',',
      ' ',
      '\n',
      '\\"',
      "'",
    );
    const texts = fc.array(fc.option(fc.oneof(tricky, fc.string({ unit: 'grapheme' }))), {
      minLength: 1,
    });
    await fc.assert(
      fc.asyncProperty(texts, async (values) => {
        const expected = values.map((value) => value?.replaceAll('\0', '\uFFFD') ?? null);
        const empty = values.every((value) => value === null);
        expect(await read('text', textArray(values))).toEqual(empty ? [] : expected);
      }),
      { numRuns: RUNS },
    );
  });

  it('has the numbers that were put in', async () => {
    expect(await read('float8', numberArray([1, null, -2.5, 1e21]))).toEqual([1, null, -2.5, 1e21]);
    expect(await read('bool', numberArray([true, null, false]))).toEqual([true, null, false]);
  });

  it('is empty where there are only nulls, which unnest fills up again', async () => {
    expect(numberArray([null, null])).toBe('{}');
    const rows = await database.query('select * from unnest($1::int[], $2::int[]) u (a, b)', [
      '{1,2}',
      numberArray([null, null]),
    ]);
    expect(rows).toEqual([
      { a: 1, b: null },
      { a: 2, b: null },
    ]);
  });
});
