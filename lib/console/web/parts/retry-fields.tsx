import type { JSX } from 'preact';
import type { RetryDraft } from '../retry-draft.js';
import { Field } from './field.js';
import type { FormPartProps } from './trigger-form.js';

const STRATEGIES: Readonly<Record<RetryDraft['strategy'], string>> = {
  default: 'As the application says',
  exponential: 'Doubling each time',
  fixed: 'Always the same',
  list: 'A list of delays',
};

type TextOption = 'attempts' | 'delays' | 'delay' | 'maxDelay' | 'maxAge';

export function RetryFields({ draft, edit, problem }: FormPartProps): JSX.Element {
  const { retry } = draft;
  const change = (part: Partial<RetryDraft>): void => edit({ retry: { ...retry, ...part } });
  const text = (name: TextOption, label: string, placeholder: string): JSX.Element => (
    <Field label={label} name={name} problem={problem(name)}>
      <input
        autocomplete="off"
        placeholder={placeholder}
        value={retry[name]}
        onInput={({ currentTarget }) => change({ [name]: currentTarget.value })}
      />
    </Field>
  );
  return (
    <fieldset class="part">
      <legend>Time and retries</legend>
      <p class="muted">What is empty is as the application says.</p>
      <div class="row-of-fields">
        <Field label="Timeout of an attempt" name="timeout" problem={problem('timeout')}>
          <input
            autocomplete="off"
            placeholder="60s"
            value={draft.timeout}
            onInput={({ currentTarget }) => edit({ timeout: currentTarget.value })}
          />
        </Field>
        {text('attempts', 'Attempts in all', '16')}
      </div>
      <Field label="Delay between attempts">
        <select
          value={retry.strategy}
          onChange={({ currentTarget }) =>
            change({ strategy: currentTarget.value as RetryDraft['strategy'] })
          }
        >
          {Object.entries(STRATEGIES).map(([strategy, name]) => (
            <option key={strategy} value={strategy}>
              {name}
            </option>
          ))}
        </select>
      </Field>
      {retry.strategy === 'list' ? (
        text('delays', 'Delays', '5s, 5m, 30m, 2h')
      ) : (
        <div class="row-of-fields">
          {text('delay', 'First delay', '10s')}
          {text('maxDelay', 'Longest delay', '6h')}
        </div>
      )}
      {text('maxAge', 'No attempt later than', 'no limit')}
    </fieldset>
  );
}
