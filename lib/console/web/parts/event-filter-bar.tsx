import type { JSX } from 'preact';
import { listTriggers } from '../api.js';
import {
  eventsAddress,
  isFiltered,
  OPERATIONS,
  SPANS,
  STATES,
  type EventFilterDraft,
} from '../event-filter-draft.js';
import { useLoaded } from '../loaded.js';
import { replaceAddress } from '../navigation.js';
import { stateName } from './badge.js';
import { Field } from './field.js';
import { SettledInput } from './settled-input.js';
import { TimeRange } from './time-range.js';

const CUSTOM = 'custom';

/** The filter lives in the address, so that a list can be sent to somebody. */
export function EventFilterBar({ filter }: { filter: EventFilterDraft }): JSX.Element {
  const triggers = useLoaded(listTriggers, 'names', null);
  const change = (part: Partial<EventFilterDraft>): void =>
    replaceAddress(eventsAddress({ ...filter, after: '', ...part }));
  const names = new Set([
    ...(triggers.value ?? []).map(({ name }) => name),
    ...(filter.trigger === '' ? [] : [filter.trigger]),
  ]);
  return (
    <search class="filter">
      <Field label="Trigger">
        <select
          data-filter
          value={filter.trigger}
          onChange={({ currentTarget }) => change({ trigger: currentTarget.value })}
        >
          <option value="">All triggers</option>
          {[...names].map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </Field>
      <Field label="Operation">
        <select
          value={filter.operation}
          onChange={({ currentTarget }) =>
            change({ operation: OPERATIONS.find((one) => one === currentTarget.value) ?? '' })
          }
        >
          <option value="">Any</option>
          {OPERATIONS.map((operation) => (
            <option key={operation}>{operation}</option>
          ))}
        </select>
      </Field>
      <Field label="Key">
        <SettledInput
          type="search"
          placeholder="as text"
          autocomplete="off"
          value={filter.key}
          onSettle={(key) => change({ key })}
        />
      </Field>
      <Field label="Row (JSON path)">
        <SettledInput
          type="search"
          class="mono"
          placeholder="$.new ? (@.total > 100)"
          autocomplete="off"
          spellcheck={false}
          value={filter.path}
          onSettle={(path) => change({ path })}
        />
      </Field>
      <WhenFields filter={filter} change={change} />
      <StateChoice filter={filter} change={change} />
      {isFiltered(filter) && (
        <a class="clear" href="#/events">
          Clear
        </a>
      )}
    </search>
  );
}

interface PartProps {
  readonly filter: EventFilterDraft;
  readonly change: (part: Partial<EventFilterDraft>) => void;
}

function WhenFields({ filter, change }: PartProps): JSX.Element {
  const isCustom = filter.from !== '' || filter.to !== '';
  return (
    <>
      <Field label="Changed">
        <select
          value={isCustom ? CUSTOM : filter.span}
          onChange={({ currentTarget: { value } }) =>
            value === CUSTOM
              ? change({ span: '', from: new Date(startOfToday()).toISOString() })
              : change({ span: value, from: '', to: '' })
          }
        >
          <option value="">Any time</option>
          {Object.keys(SPANS).map((span) => (
            <option key={span} value={span}>
              Last {span}
            </option>
          ))}
          <option value={CUSTOM}>Between…</option>
        </select>
      </Field>
      {isCustom && <TimeRange range={filter} onChange={({ from, to }) => change({ from, to })} />}
    </>
  );
}

const startOfToday = (): number => new Date().setHours(0, 0, 0, 0);

function StateChoice({ filter, change }: PartProps): JSX.Element {
  const { states } = filter;
  return (
    <fieldset class="choice">
      <legend>State</legend>
      {STATES.map((state) => (
        <label key={state}>
          <input
            type="checkbox"
            checked={states.includes(state)}
            onChange={({ currentTarget }) =>
              change({
                states: currentTarget.checked
                  ? [...states, state]
                  : states.filter((one) => one !== state),
              })
            }
          />
          <span>{stateName(state)}</span>
        </label>
      ))}
    </fieldset>
  );
}
