import type { JSX } from 'preact';
import { listTables } from '../api.js';
import { useLoaded } from '../loaded.js';
import { Field } from './field.js';
import { ProblemNotice } from './state-of-loading.js';
import type { FormPartProps } from './trigger-form.js';

export function TableFields({ draft, edit, problem }: FormPartProps): JSX.Element {
  const tables = useLoaded(listTables, 'tables', null);
  const chosen = { schema: draft.schema, name: draft.table };
  const known = tables.value ?? [];
  const isKnown = known.some((table) => keyOf(table) === keyOf(chosen));
  const all = isKnown || draft.table === '' ? known : [chosen, ...known];
  const choose = (key: string): void => {
    const table = all.find((one) => keyOf(one) === key);
    edit(table ? { schema: table.schema, table: table.name } : { table: '' });
  };
  return (
    <fieldset class="part">
      <legend>What changes</legend>
      <Field
        label="Name"
        name="name"
        problem={problem('name')}
        hint="Receivers see it; no two triggers of a database share one"
      >
        <input
          autocomplete="off"
          spellcheck={false}
          value={draft.name}
          onInput={({ currentTarget }) => edit({ name: currentTarget.value })}
        />
      </Field>
      <Field label="Table" name="table" problem={problem('table')}>
        <select
          value={draft.table === '' ? '' : keyOf(chosen)}
          onChange={({ currentTarget }) => choose(currentTarget.value)}
        >
          <option value="">Choose…</option>
          {all.map((table) => (
            <option key={keyOf(table)} value={keyOf(table)}>
              {table.schema === 'public' ? table.name : `${table.schema}.${table.name}`}
            </option>
          ))}
        </select>
      </Field>
      {tables.problem && <ProblemNotice problem={tables.problem} onRetry={tables.reload} />}
    </fieldset>
  );
}

const keyOf = ({ schema, name }: { schema: string; name: string }): string =>
  JSON.stringify([schema, name]);
