import { computed, signal } from '@preact/signals';
import { routeOf } from './route.js';

const hash = signal(window.location.hash);

/** What the page shows now. */
export const route = computed(() => routeOf(hash.value));

/** Goes to an address that `addressOf` made. */
export function go(address: string): void {
  window.location.hash = address;
}

/** The same without an entry of its own in the history, for filters that change with each key. */
export function replaceAddress(address: string): void {
  window.history.replaceState(
    null,
    '',
    window.location.pathname + window.location.search + address,
  );
  hash.value = address;
}

export function startNavigation(): void {
  window.addEventListener('hashchange', () => {
    hash.value = window.location.hash;
    window.scrollTo(0, 0);
  });
}
