import type { JSX } from 'preact';
import { tellDone, tellFailed } from '../notices.js';
import { Button } from './button.js';

interface CopyButtonProps {
  readonly text: () => string;
  readonly what: string;
  readonly isCompact?: boolean;
}

export function CopyButton({ text, what, isCompact = false }: CopyButtonProps): JSX.Element {
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text());
      tellDone(`Copied ${what}`);
    } catch {
      tellFailed(new Error('the browser lets pages copy only over HTTPS and on localhost'));
    }
  };
  return (
    <Button icon="copy" look={isCompact ? 'quiet' : 'plain'} isCompact={isCompact} onPress={copy}>
      {`Copy ${what}`}
    </Button>
  );
}
