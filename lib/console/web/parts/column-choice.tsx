import type { JSX } from 'preact';
import type { TableColumn } from '../answers.js';

interface ColumnChoiceProps {
  readonly label: string;
  /** What it means when none is chosen. */
  readonly none: string;
  readonly columns: readonly TableColumn[];
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
}

export function ColumnChoice({
  label,
  none,
  columns,
  chosen,
  onChange,
}: ColumnChoiceProps): JSX.Element {
  const known = columns.map(({ name }) => name);
  // A column that is gone is shown, so that it can be taken out.
  const names = [...known, ...chosen.filter((name) => !known.includes(name))];
  return (
    <details class="columns-of-table">
      <summary>
        {label}: <span class="muted">{chosen.length > 0 ? chosen.join(', ') : none}</span>
      </summary>
      <fieldset class="choice">
        <legend class="unseen">{label}</legend>
        {names.map((name) => (
          <label key={name}>
            <input
              type="checkbox"
              checked={chosen.includes(name)}
              onChange={({ currentTarget }) =>
                onChange(
                  names.filter((one) =>
                    one === name ? currentTarget.checked : chosen.includes(one),
                  ),
                )
              }
            />
            <span>{name}</span>
          </label>
        ))}
        {names.length === 0 && <p class="muted">Choose a table first.</p>}
      </fieldset>
    </details>
  );
}
