import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { Button } from './button.js';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
  /** What stands beside the button that closes. */
  readonly actions?: ComponentChildren;
  readonly closeLabel?: string;
}

/** It is open as long as it is there. Escape closes it, as the browser does by itself. */
export function Dialog({
  title,
  onClose,
  children,
  actions,
  closeLabel = 'Cancel',
}: DialogProps): JSX.Element {
  const element = useRef<HTMLDialogElement>(null);
  const label = useId();
  useEffect(() => {
    const opener = document.activeElement;
    element.current?.showModal();
    return () => {
      if (opener instanceof HTMLElement) opener.focus();
    };
  }, []);
  return (
    <dialog ref={element} aria-labelledby={label} onClose={onClose}>
      <h2 id={label}>{title}</h2>
      <div class="content">{children}</div>
      <div class="actions">
        <Button onPress={() => element.current?.close()}>{closeLabel}</Button>
        {actions}
      </div>
    </dialog>
  );
}
