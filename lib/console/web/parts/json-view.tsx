import type { JSX } from 'preact';
import { jsonTokens } from '../json-tokens.js';

/** A value as indented JSON. It can be scrolled with the keyboard. */
export function JsonView({ value, label }: { value: unknown; label: string }): JSX.Element {
  return (
    <pre class="json" tabIndex={0} role="region" aria-label={label}>
      {jsonTokens(value).map(({ kind, text }, place) =>
        kind === 'other' ? (
          text
        ) : (
          <span key={place} class={kind}>
            {text}
          </span>
        ),
      )}
    </pre>
  );
}
