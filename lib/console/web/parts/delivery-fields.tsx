import type { JSX } from 'preact';
import { Check } from './check.js';
import { Field } from './field.js';
import { HeaderFields } from './header-fields.js';
import type { FormPartProps } from './trigger-form.js';

export function DeliveryFields(props: FormPartProps): JSX.Element {
  const { draft, edit, problem } = props;
  return (
    <fieldset class="part">
      <legend>Where it goes</legend>
      <Field
        label="Webhook"
        name="webhook"
        problem={problem('webhook')}
        hint="{{VARIABLE}} stands for a variable of the application's environment"
      >
        <input
          type="url"
          inputMode="url"
          autocomplete="off"
          spellcheck={false}
          value={draft.webhook}
          onInput={({ currentTarget }) => edit({ webhook: currentTarget.value })}
        />
      </Field>
      <HeaderFields {...props} />
      <Check
        isOn={draft.sendSecret}
        change={(sendSecret) => edit({ sendSecret })}
        label="Send the webhook secret"
        meaning="of the application; only to receivers that you trust"
      />
      <OrderFields {...props} />
      <Check
        isOn={draft.isEnabled}
        change={(isEnabled) => edit({ isEnabled })}
        label="Enabled"
        meaning="captures changes"
      />
    </fieldset>
  );
}

function OrderFields({ draft, edit }: FormPartProps): JSX.Element {
  return (
    <div class="row-of-fields">
      <Field label="Ordering" hint="Of one row: the next waits until the one before is delivered">
        <select
          value={draft.ordering}
          onChange={({ currentTarget }) =>
            edit({ ordering: currentTarget.value === 'row' ? 'row' : 'none' })
          }
        >
          <option value="none">None, as fast as it goes</option>
          <option value="row">Changes of a row in their order</option>
        </select>
      </Field>
      {draft.ordering === 'row' && (
        <Field label="When one is given up">
          <select
            value={draft.whenExhausted}
            onChange={({ currentTarget }) =>
              edit({
                whenExhausted: currentTarget.value === 'hold-key' ? 'hold-key' : 'dead-letter',
              })
            }
          >
            <option value="dead-letter">Go on with the next one</option>
            <option value="hold-key">Hold the row's later ones</option>
          </select>
        </Field>
      )}
    </div>
  );
}
