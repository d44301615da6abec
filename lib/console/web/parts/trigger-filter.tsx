import { signal } from '@preact/signals';
import type { JSX } from 'preact';

/** Kept while one looks at a trigger and comes back. */
export const triggerFilter = signal('');

export function TriggerFilter(): JSX.Element {
  return (
    <input
      type="search"
      data-filter
      class="quick-filter"
      aria-label="Filter by name or table"
      placeholder="Filter by name or table"
      value={triggerFilter.value}
      onInput={({ currentTarget }) => (triggerFilter.value = currentTarget.value)}
    />
  );
}
