/** A column: its heading, and what stands in it. */
export type Column<Row> = readonly [heading: string, cell: (row: Row) => string | number | null];

const BETWEEN = '  ';
const NOTHING = '-';

/** Aligned columns beneath their headings; a cell without anything is a dash. */
export function tableOf<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  isColoured: boolean,
): string {
  const cells = rows.map((row) => columns.map(([, cell]) => textOf(cell(row))));
  const headings = columns.map(([heading]) => heading);
  const widths = columns.map((_, place) =>
    Math.max(...[headings, ...cells].map((line) => line[place]?.length ?? 0)),
  );
  const aligned = (line: readonly string[]): string =>
    line
      .map((cell, place) => cell.padEnd(widths[place] ?? 0))
      .join(BETWEEN)
      .trimEnd();
  const first = aligned(headings);
  return [isColoured ? `\u001b[1m${first}\u001b[0m` : first, ...cells.map(aligned)].join('\n');
}

/** One thing: a line for each of its properties. */
export function listOf(properties: readonly (readonly [name: string, value: unknown])[]): string {
  const width = Math.max(...properties.map(([name]) => name.length));
  return properties
    .map(([name, value]) => `${name.padEnd(width)}${BETWEEN}${textOf(asCell(value))}`)
    .join('\n');
}

const asCell = (value: unknown): string | number | null => {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'number' || typeof value === 'string') return value;
  return JSON.stringify(value);
};

/** A line break in a cell would break the table. */
const textOf = (cell: string | number | null): string =>
  cell === null || cell === '' ? NOTHING : String(cell).replaceAll(/[\p{Cc}\s]+/gu, ' ');
