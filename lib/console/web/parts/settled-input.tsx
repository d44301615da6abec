import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

interface SettledInputProps extends Omit<
  JSX.InputHTMLAttributes<HTMLInputElement>,
  'value' | 'onChange' | 'onInput'
> {
  readonly value: string;
  /** Called when somebody has finished: with Enter, or by leaving it. */
  readonly onSettle: (value: string) => void;
}

/** A field whose text takes effect when it is finished. Until then it stays, whatever is loaded around it. */
export function SettledInput({ value, onSettle, ...others }: SettledInputProps): JSX.Element {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  return (
    <input
      {...others}
      value={text}
      onInput={({ currentTarget }) => setText(currentTarget.value)}
      onChange={({ currentTarget }) => onSettle(currentTarget.value.trim())}
    />
  );
}
