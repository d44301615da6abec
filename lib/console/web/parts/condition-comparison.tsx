import type { JSX } from 'preact';
import type { TableColumn } from '../answers.js';
import {
  OPERATORS,
  takesList,
  takesNoValue,
  type ComparisonDraft,
  type RowOperation,
} from '../condition-draft.js';
import { Button } from './button.js';

interface ConditionComparisonProps {
  readonly draft: ComparisonDraft;
  readonly operation: RowOperation;
  readonly columns: readonly TableColumn[];
  readonly label: string;
  readonly onChange: (draft: ComparisonDraft) => void;
  readonly onRemove: () => void;
}

/** A column of the row against a value. */
export function ConditionComparison({
  draft,
  operation,
  columns,
  label,
  onChange,
  onRemove,
}: ConditionComparisonProps): JSX.Element {
  const change = (part: Partial<ComparisonDraft>): void => onChange({ ...draft, ...part });
  const isKnown = draft.column === '' || columns.some(({ name }) => name === draft.column);
  return (
    <div class="comparison">
      <select
        aria-label={`${label}: whether it has to hold`}
        value={draft.negated ? 'not' : ''}
        onChange={({ currentTarget }) => change({ negated: currentTarget.value === 'not' })}
      >
        <option value="">if</option>
        <option value="not">not</option>
      </select>
      {operation === 'update' && (
        <select
          aria-label={`${label}: row`}
          value={draft.row}
          onChange={({ currentTarget }) =>
            change({ row: currentTarget.value === 'old' ? 'old' : 'new' })
          }
        >
          <option value="new">new</option>
          <option value="old">old</option>
        </select>
      )}
      <select
        aria-label={`${label}: column`}
        value={draft.column}
        onChange={({ currentTarget }) => change({ column: currentTarget.value })}
      >
        <option value="">column…</option>
        {!isKnown && <option>{draft.column}</option>}
        {columns.map(({ name }) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <select
        aria-label={`${label}: operator`}
        value={draft.operator}
        onChange={({ currentTarget }) =>
          change({ operator: OPERATORS.find((one) => one === currentTarget.value) ?? '=' })
        }
      >
        {OPERATORS.map((operator) => (
          <option key={operator}>{operator}</option>
        ))}
      </select>
      <ComparedValue draft={draft} columns={columns} label={label} change={change} />
      <Button look="quiet" icon="close" isCompact onPress={onRemove}>
        {`Remove ${label.toLowerCase()}`}
      </Button>
    </div>
  );
}

interface ValueProps {
  readonly draft: ComparisonDraft;
  readonly columns: readonly TableColumn[];
  readonly label: string;
  readonly change: (part: Partial<ComparisonDraft>) => void;
}

function ComparedValue({ draft, columns, label, change }: ValueProps): JSX.Element | null {
  const { operator, value } = draft;
  const type = columns.find(({ name }) => name === draft.column)?.type;
  if (takesNoValue(operator)) return null;
  if (takesList(operator))
    return (
      <textarea
        rows={2}
        aria-label={`${label}: values, one a line`}
        placeholder="one a line"
        value={value}
        onInput={({ currentTarget }) => change({ value: currentTarget.value })}
      />
    );
  return (
    <input
      aria-label={`${label}: value`}
      placeholder={type ?? 'value'}
      autocomplete="off"
      value={value}
      onInput={({ currentTarget }) => change({ value: currentTarget.value })}
    />
  );
}
