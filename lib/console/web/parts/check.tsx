import type { JSX } from 'preact';

interface CheckProps {
  readonly isOn: boolean;
  readonly change: (isOn: boolean) => void;
  readonly label: string;
  readonly meaning?: string;
  readonly name?: string;
}

export function Check({ isOn, change, label, meaning, name }: CheckProps): JSX.Element {
  return (
    <label class="check">
      <input
        type="checkbox"
        name={name}
        checked={isOn}
        onChange={({ currentTarget }) => change(currentTarget.checked)}
      />
      <span>
        {label} {meaning && <span class="muted">{meaning}</span>}
      </span>
    </label>
  );
}
