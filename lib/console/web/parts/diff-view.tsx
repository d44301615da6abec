import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { rowDiff, type ColumnDiff, type Row } from '../row-diff.js';

interface DiffViewProps {
  readonly before: Row | null;
  readonly after: Row | null;
}

const KINDS: Readonly<Record<ColumnDiff['kind'], string>> = {
  same: 'unchanged',
  changed: 'changed',
  added: 'new',
  removed: 'gone',
};

/** A change column by column; of an update with those that differ first to be seen. */
export function DiffView({ before, after }: DiffViewProps): JSX.Element {
  const [withSame, setWithSame] = useState(false);
  const isUpdate = before !== null && after !== null;
  const columns = rowDiff(before, after);
  const differing = columns.filter(({ kind }) => kind !== 'same');
  const hidden = columns.length - differing.length;
  return (
    <>
      <div class="scroll" tabIndex={0} role="region" aria-label="Columns">
        <table class={`diff${isUpdate ? '' : ' single'}`}>
          <thead>
            <tr>
              <th>Column</th>
              {before && <th>Before</th>}
              {after && <th>After</th>}
            </tr>
          </thead>
          <tbody>
            {(withSame ? columns : differing).map((column) => (
              <tr key={column.column} class={isUpdate ? column.kind : undefined}>
                <th scope="row">
                  {column.column}
                  {isUpdate && <span class="unseen"> ({KINDS[column.kind]})</span>}
                </th>
                {before && <td class="before">{valueText(column.before)}</td>}
                {after && <td class="after">{valueText(column.after)}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {hidden > 0 && (
        <label class="check">
          <input
            type="checkbox"
            checked={withSame}
            onChange={({ currentTarget }) => setWithSame(currentTarget.checked)}
          />
          Show {hidden} unchanged {hidden === 1 ? 'column' : 'columns'}
        </label>
      )}
    </>
  );
}

const valueText = (value: unknown): string => (value === undefined ? '' : JSON.stringify(value));
