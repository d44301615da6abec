import type { ComponentChildren, JSX } from 'preact';
import { cloneElement, type VNode } from 'preact';
import { useId } from 'preact/hooks';

interface FieldProps {
  readonly label: string;
  /** What its problem goes by in a form. */
  readonly name?: string;
  /** One control; it gets the ids that tie it to its label and to what is said of it. */
  readonly children: VNode<Record<string, unknown>>;
  readonly hint?: ComponentChildren;
  readonly problem?: string | undefined;
}

export function Field({ label, name, children, hint, problem }: FieldProps): JSX.Element {
  const id = useId();
  const told = problem ?? hint;
  return (
    <div class={`field${problem ? ' wrong' : ''}`}>
      <label htmlFor={id}>{label}</label>
      {cloneElement(children, {
        id,
        ...(name === undefined ? {} : { name }),
        'aria-invalid': problem ? true : undefined,
        'aria-describedby': told ? `${id}-told` : undefined,
      })}
      {told && (
        <p class="told" id={`${id}-told`}>
          {told}
        </p>
      )}
    </div>
  );
}
