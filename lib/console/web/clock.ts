import { signal } from '@preact/signals';

const SECOND = 1_000;

/** The time, by the second: what shows how long ago something was follows it. */
export const now = signal(Date.now());

export function startClock(): void {
  setInterval(() => {
    if (!document.hidden) now.value = Date.now();
  }, SECOND);
}
