import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Icon, type IconName } from './icon.js';

interface ButtonProps {
  readonly children: ComponentChildren;
  /** While what it returns is under way, it cannot be pressed again. */
  readonly onPress: () => unknown;
  readonly icon?: IconName;
  readonly look?: 'plain' | 'primary' | 'danger' | 'quiet';
  readonly isDisabled?: boolean;
  /** Shows the picture alone; the words are read out. */
  readonly isCompact?: boolean;
  readonly title?: string;
}

export function Button({
  children,
  onPress,
  icon,
  look = 'plain',
  isDisabled = false,
  isCompact = false,
  title,
}: ButtonProps): JSX.Element {
  const [isBusy, setBusy] = useState(false);
  const press = async (): Promise<void> => {
    setBusy(true);
    try {
      await onPress();
    } finally {
      setBusy(false);
    }
  };
  return (
    <button
      type="button"
      class={`button ${look}${isCompact ? ' compact' : ''}`}
      disabled={isDisabled || isBusy}
      aria-busy={isBusy}
      title={title}
      onClick={() => void press()}
    >
      {icon && <Icon name={icon} />}
      <span class={isCompact ? 'unseen' : undefined}>{children}</span>
    </button>
  );
}
