import type { JSX } from 'preact';
import type { HeaderDraft } from '../header-draft.js';
import { Button } from './button.js';
import type { FormPartProps } from './trigger-form.js';

export function HeaderFields({ draft, edit, problem }: FormPartProps): JSX.Element {
  const { headers } = draft;
  const change = (place: number, part: Partial<HeaderDraft>): void =>
    edit({
      headers: headers.map((one, index) => (index === place ? { ...one, ...part } : one)),
    });
  return (
    <fieldset class="headers-of-form">
      <legend>Headers</legend>
      {headers.map((header, place) => {
        const told = problem(`header-${place}`);
        return (
          <div key={place}>
            <HeaderRow
              header={header}
              place={place}
              change={(part) => change(place, part)}
              remove={() => edit({ headers: headers.filter((_, index) => index !== place) })}
            />
            {told && <p class="told error-text">{told}</p>}
          </div>
        );
      })}
      <Button
        look="quiet"
        icon="plus"
        onPress={() => edit({ headers: [...headers, { name: '', kind: 'value', value: '' }] })}
      >
        Header
      </Button>
    </fieldset>
  );
}

interface HeaderRowProps {
  readonly header: HeaderDraft;
  readonly place: number;
  readonly change: (part: Partial<HeaderDraft>) => void;
  readonly remove: () => void;
}

function HeaderRow({ header, place, change, remove }: HeaderRowProps): JSX.Element {
  const label = `Header ${place + 1}`;
  return (
    <div class="row">
      <input
        aria-label={`${label}: name`}
        name={`header-${place}`}
        placeholder="name"
        autocomplete="off"
        spellcheck={false}
        value={header.name}
        onInput={({ currentTarget }) => change({ name: currentTarget.value })}
      />
      <select
        aria-label={`${label}: where its value comes from`}
        value={header.kind}
        onChange={({ currentTarget: { value } }) =>
          change({ kind: value as HeaderDraft['kind'], value: '' })
        }
      >
        {header.kind === 'hidden' && <option value="hidden">stays as it is</option>}
        <option value="value">value</option>
        <option value="environment">environment</option>
      </select>
      {header.kind !== 'hidden' && (
        <input
          aria-label={`${label}: value`}
          placeholder={header.kind === 'environment' ? 'VARIABLE' : 'value'}
          autocomplete="off"
          spellcheck={false}
          value={header.value}
          onInput={({ currentTarget }) => change({ value: currentTarget.value })}
        />
      )}
      <Button look="quiet" icon="close" isCompact onPress={remove}>
        {`Remove ${label.toLowerCase()}`}
      </Button>
    </div>
  );
}
