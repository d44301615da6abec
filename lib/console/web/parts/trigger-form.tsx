import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { Definition, TableColumn, Trigger } from '../answers.js';
import { listColumns } from '../api.js';
import { draftProblems } from '../draft-problems.js';
import { useLoaded } from '../loaded.js';
import { go } from '../navigation.js';
import { tellDone } from '../notices.js';
import { problemOf, type Problem } from '../problem.js';
import { addressOf } from '../route.js';
import { definitionOf, type TriggerDraft } from '../trigger-draft.js';
import { DeliveryFields } from './delivery-fields.js';
import { OperationsFields } from './operations-fields.js';
import { PreviewPanel } from './preview-panel.js';
import { RetryFields } from './retry-fields.js';
import { ProblemNotice } from './state-of-loading.js';
import { TableFields } from './table-fields.js';

interface TriggerFormProps {
  readonly draft: TriggerDraft;
  readonly saveLabel: string;
  readonly save: (definition: Definition, before: Definition) => Promise<Trigger>;
}

/** What each part of the form gets. */
export interface FormPartProps {
  readonly draft: TriggerDraft;
  readonly edit: (part: Partial<TriggerDraft>) => void;
  /** What is wrong with a field that somebody has left. */
  readonly problem: (field: string) => string | undefined;
  readonly columns: readonly TableColumn[];
}

export function TriggerForm({ draft: initial, saveLabel, save }: TriggerFormProps): JSX.Element {
  const [draft, setDraft] = useState(initial);
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const [isTried, setTried] = useState(false);
  const [isSaving, setSaving] = useState(false);
  const [refusal, setRefusal] = useState<Problem | null>(null);
  const columns = useColumns(draft);
  const types = useMemo(() => new Map(columns.map(({ name, type }) => [name, type])), [columns]);
  const problems = draftProblems(draft);
  const isWhole = Object.keys(problems).length === 0;
  const definition = definitionOf(draft, types);

  const part: FormPartProps = {
    draft,
    columns,
    edit: (change) => {
      setRefusal(null);
      setDraft((before) => ({ ...before, ...change }));
    },
    problem: (field) => (isTried || left.has(field) ? problems[field] : undefined),
  };
  const submit = async (): Promise<void> => {
    setTried(true);
    if (!isWhole) return focusFirstFault();
    setSaving(true);
    try {
      const { name } = await save(definition, definitionOf(initial, types));
      tellDone(`${name} is saved`);
      go(addressOf(['triggers', name]));
    } catch (error) {
      setRefusal(problemOf(error));
      setSaving(false);
    }
  };
  const leave = ({ target }: FocusEvent): void => {
    const field = (target as HTMLInputElement).name;
    if (field) setLeft((before) => new Set([...before, field]));
  };

  return (
    <form
      class="trigger-form"
      noValidate
      onFocusOut={leave}
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <div class="columns">
        <div>
          <TableFields {...part} />
          <OperationsFields {...part} />
        </div>
        <div>
          <DeliveryFields {...part} />
          <RetryFields {...part} />
        </div>
      </div>
      <PreviewPanel definition={definition} isWhole={isWhole} />
      {refusal && <ProblemNotice problem={refusal} />}
      {isTried && !isWhole && (
        <p class="error-text" role="alert">
          Not saved yet: {Object.values(problems).join('; ')}.
        </p>
      )}
      <div class="actions start">
        <button type="submit" class="button primary" disabled={isSaving} aria-busy={isSaving}>
          {saveLabel}
        </button>
        <a class="button plain" href="#/triggers">
          Cancel
        </a>
      </div>
    </form>
  );
}

/** Once it is marked. */
function focusFirstFault(): void {
  requestAnimationFrame(() =>
    document.querySelector<HTMLElement>('form [aria-invalid="true"]')?.focus(),
  );
}

function useColumns({ schema, table }: TriggerDraft): readonly TableColumn[] {
  const loaded = useLoaded(
    (signal) => (table === '' ? Promise.resolve([]) : listColumns({ schema, name: table }, signal)),
    JSON.stringify([schema, table]),
    null,
  );
  return loaded.value ?? [];
}
