import type { JSX } from 'preact';
import { fieldOf, momentOf } from '../times.js';
import { Field } from './field.js';

export interface Range {
  /** ISO, or empty. */
  readonly from: string;
  readonly to: string;
}

/** Two fields for times in the zone of the viewer. */
export function TimeRange({
  range,
  onChange,
}: {
  range: Range;
  onChange: (range: Range) => void;
}): JSX.Element {
  const shown = (iso: string): string => (iso === '' ? '' : fieldOf(new Date(iso)));
  const field = (name: 'from' | 'to', label: string): JSX.Element => (
    <Field label={label}>
      <input
        type="datetime-local"
        step="1"
        value={shown(range[name])}
        onChange={({ currentTarget }) =>
          onChange({ ...range, [name]: momentOf(currentTarget.value) ?? '' })
        }
      />
    </Field>
  );
  return (
    <>
      {field('from', 'From')}
      {field('to', 'Before')}
    </>
  );
}
