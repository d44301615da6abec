import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quoteIdentifier, quoteLiteral } from '../../lib/schema/identifier.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const RUNS = 60;

describe('names and texts in statements', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });

  afterAll(() => database.drop());

  const text = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 15 })
    .filter((value) => !value.includes('\0') && Buffer.byteLength(value) <= 63);

  it('mean to Postgres what they are, whatever stands in them', async () => {
    await fc.assert(
      fc.asyncProperty(text, async (name) => {
        const [row] = await database.query(
          `select ${quoteLiteral(name)} as ${quoteIdentifier(name)}`,
        );
        expect(row).toEqual({ [name]: name });
      }),
      { numRuns: RUNS },
    );
  });

  it.each([
    ['', /empty/],
    ['a\0b', /NUL/],
    ['ö'.repeat(32), /64 bytes/],
  ])('are refused where Postgres would refuse or cut them: %j', (name, message) => {
    expect(() => quoteIdentifier(name)).toThrow(message);
  });
});
