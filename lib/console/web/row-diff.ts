export type Row = Readonly<Record<string, unknown>>;

/** A column before and after a change. */
export interface ColumnDiff {
  readonly column: string;
  readonly kind: 'same' | 'changed' | 'added' | 'removed';
  readonly before: unknown;
  readonly after: unknown;
}

/** What a change did to each column, in the order in which the row has them. */
export function rowDiff(before: Row | null, after: Row | null): ColumnDiff[] {
  const columns = new Set([...Object.keys(after ?? {}), ...Object.keys(before ?? {})]);
  return [...columns].map((column) => ({
    column,
    kind: kindOf(column, before, after),
    before: before?.[column],
    after: after?.[column],
  }));
}

function kindOf(column: string, before: Row | null, after: Row | null): ColumnDiff['kind'] {
  if (before === null || !Object.hasOwn(before, column)) return 'added';
  if (after === null || !Object.hasOwn(after, column)) return 'removed';
  return isEqual(before[column], after[column]) ? 'same' : 'changed';
}

/** Members of an object have no order: jsonb keeps none. */
export function isEqual(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (!isObject(one) || !isObject(other) || Array.isArray(one) !== Array.isArray(other))
    return false;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && isEqual(one[name], other[name]))
  );
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
