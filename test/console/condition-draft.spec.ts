import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RowCondition } from '../../lib/pipeline/attach/row-condition.js';
import {
  conditionDraft,
  conditionOf,
  conditionProblem,
  newComparison,
  newGroup,
  type ComparisonDraft,
} from '../../lib/console/web/condition-draft.js';

const types = new Map([
  ['id', 'bigint'],
  ['total', 'numeric'],
  ['status', 'text'],
  ['paid', 'boolean'],
]);
const meantBy = (part: Partial<ComparisonDraft>): RowCondition | undefined =>
  conditionOf({ ...newComparison('insert'), ...part }, 'insert', types);

const comparison: fc.Arbitrary<RowCondition> = fc.oneof(
  fc.record({
    column: fc.constant('status'),
    operator: fc.constantFrom('=', '<>', 'contains'),
    value: fc.string(),
  }),
  fc.record({
    column: fc.constant('id'),
    operator: fc.constantFrom('in', 'not in'),
    value: fc.array(fc.integer(), { minLength: 1 }),
  }),
  fc.record({ column: fc.constant('paid'), operator: fc.constant('is null') }),
) as fc.Arbitrary<RowCondition>;

const { condition } = fc.letrec<{ condition: RowCondition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3 },
    comparison,
    fc.record({ and: fc.array(tie('condition'), { minLength: 2, maxLength: 3 }) }),
    fc.record({ or: fc.array(tie('condition'), { minLength: 2, maxLength: 3 }) }),
    fc.record({ not: comparison }),
  ) as fc.Arbitrary<RowCondition>,
}));

describe('a condition in the form', () => {
  it('comes back as it was, whatever it is made of', () => {
    fc.assert(
      fc.property(condition, (given) => {
        expect(conditionOf(conditionDraft(given, 'insert')!, 'insert', types)).toEqual(given);
      }),
    );
  });

  it('sends a number only where it stays the same number', () => {
    expect(meantBy({ column: 'total', value: '1000' })).toMatchObject({ value: 1000 });
    expect(meantBy({ column: 'total', value: '1.10' })).toMatchObject({ value: '1.10' });
    expect(meantBy({ column: 'id', value: '12345678901234567890' })).toMatchObject({
      value: '12345678901234567890',
    });
    expect(meantBy({ column: 'status', value: '1000' }), 'in a column of texts').toMatchObject({
      value: '1000',
    });
  });

  it('reads truth values and lists', () => {
    expect(meantBy({ column: 'paid', value: 'false' })).toMatchObject({ value: false });
    expect(meantBy({ column: 'id', operator: 'in', value: ' 1\n\n2 ' })).toMatchObject({
      value: [1, 2],
    });
  });

  it('names the row only where another one is meant', () => {
    const old = { ...newComparison('update'), column: 'status', row: 'old' as const, value: 'new' };
    expect(conditionOf(old, 'update', types)).toHaveProperty('row', 'old');
    expect(conditionOf({ ...old, row: 'new' }, 'update', types)).not.toHaveProperty('row');
    expect(conditionOf(newComparison('delete'), 'delete', types)).not.toHaveProperty('row');
  });

  it('is told what it lacks', () => {
    expect(conditionProblem(newGroup([]))).toMatch(/needs a comparison/);
    expect(conditionProblem(newGroup([newComparison('insert')]))).toMatch(/column/);
    const list = { ...newComparison('insert'), column: 'id', operator: 'in' as const };
    expect(conditionProblem(newGroup([list]))).toMatch(/a value on each line/);
    expect(conditionProblem({ ...list, value: '1' })).toBeNull();
  });
});
