import type { RowCondition } from '../../pipeline/attach/row-condition.js';

/** A condition while it is written: every field is there, also where it is not filled in yet. */
export type ConditionDraft = ComparisonDraft | GroupDraft;

export interface ComparisonDraft {
  readonly kind: 'comparison';
  readonly negated: boolean;
  readonly row: 'new' | 'old';
  readonly column: string;
  readonly operator: Operator;
  /** Of a list: a value a line. */
  readonly value: string;
}

export interface GroupDraft {
  readonly kind: 'group';
  readonly negated: boolean;
  readonly join: 'and' | 'or';
  readonly parts: readonly ConditionDraft[];
}

export type RowOperation = 'insert' | 'update' | 'delete';
export type Operator = (typeof OPERATORS)[number];

export const OPERATORS = [
  '=',
  '<>',
  '<',
  '<=',
  '>',
  '>=',
  'in',
  'not in',
  'starts with',
  'contains',
  'is null',
  'is not null',
] as const;

type Types = ReadonlyMap<string, string>;

export const takesNoValue = (operator: Operator): boolean =>
  operator === 'is null' || operator === 'is not null';
export const takesList = (operator: Operator): boolean =>
  operator === 'in' || operator === 'not in';
const takesText = (operator: Operator): boolean =>
  operator === 'starts with' || operator === 'contains';

/** The row that is meant where a condition names none. */
const usualRow = (operation: RowOperation): 'new' | 'old' =>
  operation === 'delete' ? 'old' : 'new';

export const newComparison = (operation: RowOperation): ComparisonDraft => ({
  kind: 'comparison',
  negated: false,
  row: usualRow(operation),
  column: '',
  operator: '=',
  value: '',
});

export const newGroup = (parts: readonly ConditionDraft[]): GroupDraft => ({
  kind: 'group',
  negated: false,
  join: 'and',
  parts,
});

/** A condition as the form shows it: always with a group around it, so that another comparison can be added. */
export function conditionDraft(
  condition: RowCondition | undefined,
  operation: RowOperation,
): GroupDraft | null {
  if (condition === undefined) return null;
  const draft = draftOf(condition, operation);
  return draft.kind === 'group' ? draft : newGroup([draft]);
}

function draftOf(condition: RowCondition, operation: RowOperation): ConditionDraft {
  if ('not' in condition) {
    const inner = draftOf(condition.not, operation);
    return { ...inner, negated: !inner.negated };
  }
  if ('and' in condition || 'or' in condition) {
    const join = 'and' in condition ? 'and' : 'or';
    const parts = 'and' in condition ? condition.and : condition.or;
    return {
      kind: 'group',
      negated: false,
      join,
      parts: parts.map((one) => draftOf(one, operation)),
    };
  }
  const { column, operator, row = usualRow(operation) } = condition;
  const value = 'value' in condition ? [condition.value].flat().map(String).join('\n') : '';
  return { kind: 'comparison', negated: false, row, column, operator, value };
}

/**
 * The condition that a draft means; undefined where nothing is left of it.
 *
 * @param types those of the columns, by name: what looks like a number is one only in a column of numbers
 */
export function conditionOf(
  draft: ConditionDraft,
  operation: RowOperation,
  types: Types,
): RowCondition | undefined {
  const plain =
    draft.kind === 'group'
      ? groupOf(draft, operation, types)
      : comparisonOf(draft, operation, types);
  return plain === undefined || !draft.negated ? plain : { not: plain };
}

function groupOf(
  { join, parts }: GroupDraft,
  operation: RowOperation,
  types: Types,
): RowCondition | undefined {
  const conditions = parts.flatMap((part) => conditionOf(part, operation, types) ?? []);
  if (conditions.length < 2) return conditions[0];
  return join === 'and' ? { and: conditions } : { or: conditions };
}

function comparisonOf(
  { column, operator, row, value }: ComparisonDraft,
  operation: RowOperation,
  types: Types,
): RowCondition {
  const type = types.get(column) ?? 'text';
  const place = { column, ...(row === usualRow(operation) ? {} : { row }) };
  if (operator === 'is null' || operator === 'is not null') return { ...place, operator };
  if (operator === 'in' || operator === 'not in')
    return { ...place, operator, value: listOf(value).map((one) => valueOf(one, type)) };
  return { ...place, operator, value: takesText(operator) ? value : valueOf(value, type) };
}

const listOf = (value: string): string[] =>
  value.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()]));

const NUMBERS = /^(smallint|integer|bigint|numeric|real|double precision|int[248]|float[48])/;

/** A number only where it survives the way as one: `12345678901234567890` and `1.10` stay text, and Postgres reads them. */
function valueOf(text: string, type: string): string | number | boolean {
  if (type === 'boolean' || type === 'bool')
    return text === 'true' || (text === 'false' ? false : text);
  return NUMBERS.test(type) && String(Number(text)) === text ? Number(text) : text;
}

/** What is missing in a draft, as a sentence; null where nothing is. */
export function conditionProblem(draft: ConditionDraft): string | null {
  if (draft.kind === 'group') {
    if (draft.parts.length === 0) return 'A group needs a comparison';
    return draft.parts.map(conditionProblem).find((problem) => problem !== null) ?? null;
  }
  if (draft.column === '') return 'Choose a column for each comparison';
  if (takesList(draft.operator) && listOf(draft.value).length === 0)
    return `"${draft.column}" ${draft.operator} needs a value on each line`;
  return null;
}
