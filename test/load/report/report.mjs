// @ts-check
import { median } from './statistics.mjs';

/**
 * @typedef {object} Line
 * @property {string} label
 * @property {readonly number[]} samples One per round.
 * @property {number} [digits] Behind the point. Default: none.
 * @property {string} [key] The figure's name in the line of JSON.
 * @property {{ atLeast: number } | { atMost: number }} [mark] What two cores should reach.
 */
/**
 * @typedef {object} Report
 * @property {string} title
 * @property {Line[]} lines
 * @property {string[]} problems Counts that differ; empty when all is well.
 */

/** @param {Report} report */
export function tableOf({ title, lines }) {
  const rows = [['', 'median', 'min', 'max', 'mark'], ...lines.map(cellsOf)];
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const text = rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths?.[column] ?? 0;
        return column === 0 || column === row.length - 1
          ? cell.padEnd(width)
          : cell.padStart(width);
      })
      .join('   ')
      .trimEnd(),
  );
  return [title, ...text.map((row) => `  ${row}`)].join('\n');
}

/** @param {Report} report */
export function figuresOf({ lines }) {
  return Object.fromEntries(
    lines.flatMap(({ key, samples, digits = 0 }) =>
      key === undefined ? [] : [[key, Number(median(samples).toFixed(digits))]],
    ),
  );
}

/** @param {Line} line */
function cellsOf({ label, samples, digits = 0, mark }) {
  const shown = [median(samples), Math.min(...samples), Math.max(...samples)].map((value) =>
    value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits }),
  );
  return [label, ...shown, mark === undefined ? '' : verdict(mark, median(samples))];
}

/**
 * @param {NonNullable<Line['mark']>} mark
 * @param {number} value
 */
function verdict(mark, value) {
  const [sign, bound, met] =
    'atLeast' in mark
      ? ['≥', mark.atLeast, value >= mark.atLeast]
      : ['≤', mark.atMost, value <= mark.atMost];
  return `${sign} ${bound} ${met ? 'met' : 'MISSED'}`;
}
