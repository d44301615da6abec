import type { JSX } from 'preact';
import { isHelpOpen, PLACES } from '../shortcuts.js';
import { Dialog } from './dialog.js';

export function HelpDialog(): JSX.Element | null {
  if (!isHelpOpen.value) return null;
  return (
    <Dialog title="Keyboard" closeLabel="Close" onClose={() => (isHelpOpen.value = false)}>
      <dl class="keys">
        <Key keys={['/']} meaning="Go to the filter" />
        {Object.entries(PLACES).map(([key, [, name]]) => (
          <Key key={key} keys={['g', key]} meaning={`Go to ${name}`} />
        ))}
        <Key keys={['?']} meaning="Show this help" />
        <Key keys={['Esc']} meaning="Close a dialog" />
      </dl>
    </Dialog>
  );
}

function Key({ keys, meaning }: { keys: readonly string[]; meaning: string }): JSX.Element {
  return (
    <div>
      <dt>
        {keys.map((key) => (
          <kbd key={key}>{key}</kbd>
        ))}
      </dt>
      <dd>{meaning}</dd>
    </div>
  );
}
