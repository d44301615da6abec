import type { JSX } from 'preact';
import { newComparison, newGroup, type RowOperation } from '../condition-draft.js';
import { ROW_OPERATIONS, type OperationDraft } from '../trigger-draft.js';
import { Button } from './button.js';
import { Check } from './check.js';
import { ColumnChoice } from './column-choice.js';
import { ConditionGroup } from './condition-group.js';
import type { FormPartProps } from './trigger-form.js';

const NAMES: Readonly<Record<RowOperation, string>> = {
  insert: 'Insert',
  update: 'Update',
  delete: 'Delete',
};

export function OperationsFields(props: FormPartProps): JSX.Element {
  const { draft, edit, problem } = props;
  const told = problem('operations');
  return (
    <fieldset class={`part${told ? ' wrong' : ''}`}>
      <legend>Operations</legend>
      {ROW_OPERATIONS.map((operation) => (
        <OperationFields key={operation} operation={operation} {...props} />
      ))}
      <Check
        name="operations"
        isOn={draft.truncate}
        change={(truncate) => edit({ truncate })}
        label="Truncate"
        meaning="an event without a row"
      />
      <Check
        name="operations"
        isOn={draft.manual}
        change={(manual) => edit({ manual })}
        label="Manual"
        meaning="test events, and those that the application sends itself"
      />
      {told && <p class="told">{told}</p>}
    </fieldset>
  );
}

interface OperationProps extends FormPartProps {
  readonly operation: RowOperation;
}

function OperationFields({
  operation,
  draft,
  edit,
  problem,
  columns,
}: OperationProps): JSX.Element {
  const rule = draft[operation];
  const change = (part: Partial<OperationDraft>): void =>
    edit({ [operation]: { ...rule, ...part } });
  const told = problem(`${operation}-where`);
  return (
    <div class="operation">
      <Check
        name="operations"
        isOn={rule.isOn}
        change={(isOn) => change({ isOn })}
        label={NAMES[operation]}
      />
      {rule.isOn && (
        <div class="rule">
          {operation === 'update' && (
            <>
              <ColumnChoice
                label="When one of these columns changes"
                none="any column"
                columns={columns}
                chosen={rule.columns}
                onChange={(chosen) => change({ columns: chosen })}
              />
              <Check
                isOn={rule.unchanged}
                change={(unchanged) => change({ unchanged })}
                label="Also updates that change nothing"
              />
            </>
          )}
          <ColumnChoice
            label="Columns that are sent"
            none="all columns"
            columns={columns}
            chosen={rule.payload}
            onChange={(payload) => change({ payload })}
          />
          {rule.where === null ? (
            <Button
              look="quiet"
              icon="plus"
              onPress={() => change({ where: newGroup([newComparison(operation)]) })}
            >
              {`Condition on ${operation}s`}
            </Button>
          ) : (
            <ConditionGroup
              draft={rule.where}
              operation={operation}
              columns={columns}
              label={`Condition on ${operation}s`}
              onChange={(where) => change({ where })}
              onRemove={() => change({ where: null })}
            />
          )}
          {told && <p class="told error-text">{told}</p>}
        </div>
      )}
    </div>
  );
}
