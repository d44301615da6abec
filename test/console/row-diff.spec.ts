import { describe, expect, it } from 'vitest';
import { isEqual, rowDiff } from '../../lib/console/web/row-diff.js';

const kinds = (...rows: Parameters<typeof rowDiff>): Record<string, string> =>
  Object.fromEntries(rowDiff(...rows).map(({ column, kind }) => [column, kind]));

describe('the difference of two rows', () => {
  it('tells columns that changed from those that did not', () => {
    expect(kinds({ id: 1, status: 'new' }, { id: 1, status: 'paid' })).toEqual({
      id: 'same',
      status: 'changed',
    });
  });

  it('tells columns that one of the rows lacks, also where the other has null', () => {
    expect(kinds({ old: null }, { fresh: null })).toEqual({ fresh: 'added', old: 'removed' });
  });

  it('takes all columns of an insert for added, and of a delete for removed', () => {
    expect(kinds(null, { id: 1 })).toEqual({ id: 'added' });
    expect(kinds({ id: 1 }, null)).toEqual({ id: 'removed' });
  });

  it('does not mind the order of members, and minds that of lists', () => {
    expect(isEqual({ a: 1, b: [1, { c: 2 }] }, { b: [1, { c: 2 }], a: 1 })).toBe(true);
    expect(isEqual([1, 2], [2, 1])).toBe(false);
    expect(isEqual([], {}), 'a list and an object').toBe(false);
    expect(isEqual(null, {})).toBe(false);
  });

  it('keeps numbers apart that a double could not', () => {
    expect(isEqual('12345678901234567890', '12345678901234567891')).toBe(false);
  });
});
