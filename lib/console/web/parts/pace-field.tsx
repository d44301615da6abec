import type { JSX } from 'preact';
import { Field } from './field.js';

interface PaceFieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
}

export function PaceField({ value, onChange }: PaceFieldProps): JSX.Element {
  return (
    <Field label="Events a second">
      <input
        type="number"
        min="1"
        step="1"
        placeholder="as many as it can"
        value={value}
        onInput={({ currentTarget }) => onChange(currentTarget.value)}
      />
    </Field>
  );
}

export const paceOf = (value: string): { perSecond?: number } =>
  Number(value) >= 1 ? { perSecond: Math.floor(Number(value)) } : {};
