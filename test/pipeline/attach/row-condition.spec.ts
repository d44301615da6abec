import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  conditionProblems,
  conditionSql,
  type ConditionColumn,
  type RowCondition,
} from '../../../lib/pipeline/attach/row-condition.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

const COLUMNS: readonly ConditionColumn[] = [
  { name: 'status', type: 'text', isComparable: true },
  { name: 'total', type: 'numeric', isComparable: true },
  { name: 'tags', type: 'json', isComparable: false },
  { name: `it's "odd"`, type: 'text', isComparable: true },
];

describe('a condition on a row', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
    await database.query(
      `create collation whatever (provider = icu, locale = 'und', deterministic = false)`,
    );
    await database.query(
      `create table orders (status text collate whatever, total numeric, tags json, "it's ""odd""" text)`,
    );
  });
  afterAll(() => database.drop());

  /** Whether a trigger with this condition fires for a row. */
  async function fires(condition: RowCondition, row: readonly unknown[]): Promise<boolean> {
    const sql = conditionSql(condition, 'insert', COLUMNS);
    const client = await database.client();
    try {
      await client.query('begin');
      await client.query(`
        create function note() returns trigger language plpgsql as $$ begin perform set_config('test.fired', 'yes', true); return null; end $$;
        create trigger note after insert on orders for each row when (${sql}) execute function note()`);
      await client.query('insert into orders values ($1, $2, $3, $4)', [...row]);
      const { rows } = await client.query<{ fired: string | null }>(
        `select current_setting('test.fired', true) as fired`,
      );
      return rows[0]!.fired === 'yes';
    } finally {
      await client.query('rollback');
      await client.end();
    }
  }
  const status = (operator: string, value?: unknown) =>
    ({ column: 'status', operator, value }) as RowCondition;
  const PAID = ['paid', 10, '{"a":1}', '\\'];
  const BLANK = [null, null, null, null];

  it.each<[string, RowCondition, boolean, boolean]>([
    ['=', status('=', 'paid'), true, false],
    ['<> of null is true', status('<>', 'paid'), false, true],
    ['in', status('in', ['new', 'paid']), true, false],
    ['not in', status('not in', ['new', 'paid']), false, true],
    ['starts with', status('starts with', 'pa'), true, false],
    ['contains what a pattern would read otherwise', status('contains', '%'), false, false],
    ['contains', status('contains', 'ai'), true, false],
    ['is null', status('is null'), false, true],
    ['is not null', status('is not null'), true, false],
    ['a number', { column: 'total', operator: '<', value: 9.5 }, false, false],
    ['not of null is true', { not: { column: 'total', operator: '<', value: 9.5 } }, true, true],
    ['json as text', { column: 'tags', operator: '=', value: '{"a":1}' }, true, false],
    ['json is null', { column: 'tags', operator: 'is null' }, false, true],
    ['quotes and backslashes', { column: `it's "odd"`, operator: '=', value: '\\' }, true, false],
    ['a value that looks like SQL', status('=', `' or true or '`), false, false],
    ['or', { or: [status('=', 'new'), { column: 'total', operator: '>', value: 9 }] }, true, false],
    [
      'and',
      { and: [status('=', 'paid'), { column: 'total', operator: '>', value: 10 }] },
      false,
      false,
    ],
  ])('%s', async (_, condition, ofPaid, ofBlank) => {
    expect(conditionProblems(condition, 'insert', COLUMNS, 'where')).toEqual([]);
    expect(await fires(condition, PAID), 'of a paid order').toBe(ofPaid);
    expect(await fires(condition, BLANK), 'of a row of nulls').toBe(ofBlank);
  });

  it('speaks of the new row of an update, unless it says otherwise, and of the old one of a delete', () => {
    const total = { column: 'total', operator: '>', value: 1 } as const;
    expect(conditionSql(total, 'update', COLUMNS)).toBe(`(new."total" > '1')`);
    expect(conditionSql({ ...total, row: 'old' }, 'update', COLUMNS)).toBe(`(old."total" > '1')`);
    expect(conditionSql(total, 'delete', COLUMNS)).toBe(`(old."total" > '1')`);
  });

  it.each<[unknown, string]>([
    ['new.total > 1', 'where: must be { column'],
    [null, 'where: must be { column'],
    [[], 'where.column: must be a column'],
    [{ and: [] }, 'where: must be { column'],
    [{ and: [], or: [] }, 'where: must be { column'],
    [
      { and: [status('=', 1), { or: [{ column: 'stats' }] }] },
      'where.and[1].or[0].column: must be a column of the table; did you mean "status"?',
    ],
    [{ not: status('~', 'x') }, "where.not.operator: must be one of '=',"],
    [
      status('=', null),
      "where.value: must be a text, a number or a boolean; for null there is 'is null'",
    ],
    [status('=', Number.NaN), 'where.value: must be'],
    [status('=', 'a\0b'), 'where.value: must be'],
    [status('in', []), 'where.value: must be a list'],
    [status('is null', 1), 'where.value: means nothing'],
    [status('starts with', 1), 'where.value: must be a text'],
    [{ ...status('=', 1), row: 'old' }, "where.row: must be 'new' of insert"],
    [{ ...status('=', 1), sql: '' }, 'where.sql: is no part'],
    [{ column: 'tags', operator: '<', value: 1 }, 'where.operator: "tags" is of type json'],
    [
      { and: Array.from({ length: 101 }, () => status('=', 1)) },
      'where: must have at most 100 comparisons',
    ],
  ])('says what is wrong with %j', (condition, problem) => {
    const problems = conditionProblems(condition, 'insert', COLUMNS, 'where');
    expect(problems.join('\n')).toContain(problem);
  });

  it('refuses one that is too deep without following it', () => {
    let condition: unknown = status('=', 1);
    for (let depth = 0; depth < 100_000; depth += 1) condition = { not: condition };
    expect(conditionProblems(condition, 'insert', COLUMNS, 'where')).toHaveLength(1);
  });
});
