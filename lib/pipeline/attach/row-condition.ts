import { suggestion } from '../../nearest-name.js';
import { quoteIdentifier, quoteLiteral } from '../../schema/identifier.js';
import { isStorable } from './trigger-definition.rules.js';

/** What a column is compared with. */
export type ConditionValue = string | number | boolean;

/** A column of the row against a value. Which row: `new`, or `old` of a delete. */
export type ColumnCondition = { column: string; row?: 'old' | 'new' } & (
  | {
      operator: (typeof COMPARISONS)[number] | (typeof TEXT_MATCHES)[number];
      value: ConditionValue;
    }
  | { operator: (typeof LIST_OPERATORS)[number]; value: ConditionValue[] }
  | { operator: (typeof NULL_OPERATORS)[number] }
);

/**
 * What has to be true of a change, said without SQL: a comparison with null is false, `<>` with null is true.
 *
 * Unlike the `when` of a definition in code it cannot make a write fail: values are turned into the type of their column
 * when the trigger is attached, and texts are searched without patterns.
 *
 * @example
 * { and: [{ column: 'status', operator: '=', value: 'paid' }, { not: { column: 'total', operator: '<', value: 100 } }] }
 */
export type RowCondition =
  ColumnCondition | { and: RowCondition[] } | { or: RowCondition[] } | { not: RowCondition };

const COMPARISONS = ['=', '<>', '<', '<=', '>', '>='] as const;
const TEXT_MATCHES = ['starts with', 'contains'] as const;
const LIST_OPERATORS = ['in', 'not in'] as const;
const NULL_OPERATORS = ['is null', 'is not null'] as const;

/** Nobody reads one that goes deeper. */
const DEEPEST = 10;
/** Each is evaluated in the writer's transaction, for each of its rows. */
const MOST_COMPARISONS = 100;

/** A column as conditions know it. */
export interface ConditionColumn {
  readonly name: string;
  /** As Postgres spells it. */
  readonly type: string;
  /** Whether its operators of comparison exist and never fail. */
  readonly isComparable: boolean;
}

export type ConditionOperation = 'insert' | 'update' | 'delete';

/**
 * What is wrong with a condition, each with its place; none where it can be turned into SQL.
 *
 * @param columns those of the table
 */
export function conditionProblems(
  condition: unknown,
  operation: ConditionOperation,
  columns: readonly ConditionColumn[],
  path: string,
): string[] {
  const count = comparisonsOf(condition, 0);
  if (count > MOST_COMPARISONS)
    return [`${path}: must have at most ${MOST_COMPARISONS} comparisons, at most ${DEEPEST} deep`];
  return problemsAt(condition, operation, columns, path);
}

/** The condition for the WHEN of a trigger. It has to be without problems. */
export function conditionSql(
  condition: RowCondition,
  operation: ConditionOperation,
  columns: readonly ConditionColumn[],
): string {
  const inner = (nested: RowCondition): string => conditionSql(nested, operation, columns);
  if ('and' in condition) return `(${condition.and.map(inner).join(' and ')})`;
  if ('or' in condition) return `(${condition.or.map(inner).join(' or ')})`;
  if ('not' in condition) return `(${inner(condition.not)} is not true)`;
  return comparisonSql(condition, operation, columns);
}

function comparisonSql(
  condition: ColumnCondition,
  operation: ConditionOperation,
  columns: readonly ConditionColumn[],
): string {
  const row = condition.row ?? rowsOf(operation)[0];
  const stored = `${row}.${quoteIdentifier(condition.column)}`;
  const isComparable = columns.find(({ name }) => name === condition.column)?.isComparable ?? false;
  // Operators of extensions are not on the search path, and those of some types fail on some values.
  const column = isComparable ? stored : `${stored}::pg_catalog.text`;
  switch (condition.operator) {
    case 'is null':
    case 'is not null':
      // Of a composite value it would be another question: whether all its fields are.
      return `(${stored} is ${condition.operator === 'is null' ? 'not ' : ''}distinct from null)`;
    case 'in':
      return `(${column} in (${condition.value.map(literal).join(', ')}))`;
    case 'not in':
      return `((${column} in (${condition.value.map(literal).join(', ')})) is not true)`;
    case 'starts with':
      return `(pg_catalog.starts_with(${asBytes(stored)}, ${literal(condition.value)}))`;
    case 'contains':
      return `(pg_catalog.strpos(${asBytes(stored)}, ${literal(condition.value)}) > 0)`;
    case '<>':
      return `(${column} is distinct from ${literal(condition.value)})`;
    case '=':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return `(${column} ${condition.operator} ${literal(condition.value)})`;
  }
}

/** Some collations cannot be searched. */
const asBytes = (column: string): string => `${column}::pg_catalog.text collate pg_catalog."C"`;

/** Untyped: Postgres reads it as a value of the column's type once, when the trigger is created. */
const literal = (value: ConditionValue): string => quoteLiteral(String(value)).trim();

function comparisonsOf(condition: unknown, depth: number): number {
  if (depth > DEEPEST) return Number.POSITIVE_INFINITY;
  return (
    groupOf(condition)?.reduce<number>(
      (sum, nested) => sum + comparisonsOf(nested, depth + 1),
      0,
    ) ?? 1
  );
}

/** The conditions that one is made of; undefined of a single one. */
function groupOf(condition: unknown): readonly unknown[] | undefined {
  const { and, or, not } = (condition ?? {}) as Record<string, unknown>;
  if (not !== undefined) return [not];
  const group = and ?? or;
  return Array.isArray(group) ? group : undefined;
}

const FORM = 'must be { column, operator, value }, { and: [...] }, { or: [...] } or { not: ... }';

function problemsAt(
  condition: unknown,
  operation: ConditionOperation,
  columns: readonly ConditionColumn[],
  path: string,
): string[] {
  if (typeof condition !== 'object' || condition === null) return [`${path}: ${FORM}`];
  const [key, ...others] = Object.keys(condition);
  const group = groupOf(condition);
  if (group === undefined) return comparisonProblems(condition, operation, columns, path);
  if (key === undefined || others.length > 0 || group.length === 0) return [`${path}: ${FORM}`];
  return group.flatMap((nested, place) =>
    problemsAt(
      nested,
      operation,
      columns,
      key === 'not' ? `${path}.not` : `${path}.${key}[${place}]`,
    ),
  );
}

function comparisonProblems(
  condition: object,
  operation: ConditionOperation,
  columns: readonly ConditionColumn[],
  path: string,
): string[] {
  const { column, operator, value, row, ...unknown } = condition as Record<string, unknown>;
  const [stranger] = Object.keys(unknown);
  if (stranger !== undefined) return [`${path}.${stranger}: is no part of a condition; it ${FORM}`];
  const known = columns.find(({ name }) => name === column);
  if (known === undefined) return [`${path}.column: ${columnRule(column, columns)}`];
  const rows = rowsOf(operation);
  if (row !== undefined && !rows.some((one) => one === row))
    return [`${path}.row: must be ${rows.map((one) => `'${one}'`).join(' or ')} of ${operation}`];
  return valueProblems(operator, value, known, path);
}

function columnRule(given: unknown, columns: readonly ConditionColumn[]): string {
  const meant = suggestion(
    String(given),
    columns.map(({ name }) => name),
  );
  return `must be a column of the table; ${meant}`;
}

function valueProblems(
  operator: unknown,
  value: unknown,
  { name, type, isComparable }: ConditionColumn,
  path: string,
): string[] {
  if (isAmong(NULL_OPERATORS, operator))
    return value === undefined ? [] : [`${path}.value: means nothing with ${operator}`];
  if (isAmong(LIST_OPERATORS, operator)) {
    const isList = Array.isArray(value) && value.length > 0 && value.every(isValue);
    return isList ? [] : [`${path}.value: must be a list of texts, numbers or booleans`];
  }
  if (isAmong(TEXT_MATCHES, operator))
    return isStorable(value) ? [] : [`${path}.value: must be a text`];
  if (!isAmong(COMPARISONS, operator))
    return [`${path}.operator: must be one of ${OPERATORS.map((one) => `'${one}'`).join(', ')}`];
  if (!isValue(value))
    return [`${path}.value: must be a text, a number or a boolean; for null there is 'is null'`];
  if (!isComparable && operator !== '=' && operator !== '<>')
    return [
      `${path}.operator: "${name}" is of type ${type}, whose values have no order of their own`,
    ];
  return [];
}

const OPERATORS = [...COMPARISONS, ...LIST_OPERATORS, ...TEXT_MATCHES, ...NULL_OPERATORS];

/** The first is meant where none is named. */
function rowsOf(operation: ConditionOperation): readonly ('new' | 'old')[] {
  if (operation === 'update') return ['new', 'old'];
  return operation === 'insert' ? ['new'] : ['old'];
}

function isAmong<Value extends string>(values: readonly Value[], value: unknown): value is Value {
  return values.some((one) => one === value);
}

function isValue(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value === 'boolean' || isStorable(value);
}
