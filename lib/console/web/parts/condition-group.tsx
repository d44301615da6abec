import type { JSX } from 'preact';
import type { TableColumn } from '../answers.js';
import {
  newComparison,
  newGroup,
  type ConditionDraft,
  type GroupDraft,
  type RowOperation,
} from '../condition-draft.js';
import { Button } from './button.js';
import { ConditionComparison } from './condition-comparison.js';

interface ConditionGroupProps {
  readonly draft: GroupDraft;
  readonly operation: RowOperation;
  readonly columns: readonly TableColumn[];
  readonly label: string;
  readonly onChange: (draft: GroupDraft) => void;
  readonly onRemove: () => void;
}

/** Comparisons and groups of them, all or one of which has to be true, or not. */
export function ConditionGroup({
  draft,
  operation,
  columns,
  label,
  onChange,
  onRemove,
}: ConditionGroupProps): JSX.Element {
  const replace = (place: number, part: ConditionDraft): void =>
    onChange({ ...draft, parts: draft.parts.map((one, index) => (index === place ? part : one)) });
  const remove = (place: number): void =>
    onChange({ ...draft, parts: draft.parts.filter((_, index) => index !== place) });
  const add = (part: ConditionDraft): void => onChange({ ...draft, parts: [...draft.parts, part] });
  return (
    <fieldset class="condition">
      <legend class="unseen">{label}</legend>
      <div class="row">
        <select
          aria-label={`${label}: how its parts are joined`}
          value={`${draft.negated ? 'not ' : ''}${draft.join}`}
          onChange={({ currentTarget: { value } }) =>
            onChange({
              ...draft,
              negated: value.startsWith('not'),
              join: value.endsWith('and') ? 'and' : 'or',
            })
          }
        >
          <option value="and">All of these hold</option>
          <option value="or">One of these holds</option>
          <option value="not and">Not all of these hold</option>
          <option value="not or">None of these holds</option>
        </select>
        <Button look="quiet" icon="close" isCompact onPress={onRemove}>
          {`Remove ${label.toLowerCase()}`}
        </Button>
      </div>
      {draft.parts.map((part, place) =>
        part.kind === 'group' ? (
          <ConditionGroup
            key={place}
            draft={part}
            operation={operation}
            columns={columns}
            label={`Group ${place + 1}`}
            onChange={(changed) => replace(place, changed)}
            onRemove={() => remove(place)}
          />
        ) : (
          <ConditionComparison
            key={place}
            draft={part}
            operation={operation}
            columns={columns}
            label={`Comparison ${place + 1}`}
            onChange={(changed) => replace(place, changed)}
            onRemove={() => remove(place)}
          />
        ),
      )}
      <div class="row">
        <Button look="quiet" icon="plus" onPress={() => add(newComparison(operation))}>
          Comparison
        </Button>
        <Button look="quiet" icon="plus" onPress={() => add(newGroup([newComparison(operation)]))}>
          Group
        </Button>
      </div>
    </fieldset>
  );
}
