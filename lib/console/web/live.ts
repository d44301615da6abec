import { signal } from '@preact/signals';

/** Between two looks where the server cannot tell of changes: a proxy may hold its stream back. */
const POLL_INTERVAL = 5_000;
/** A screen that is told of changes all the time still has to be read. */
const LEAST_INTERVAL = 1_000;

/** Counts what may have changed; screens load again when it grows. */
export const changes = signal(0);
/** How this page learns of changes. */
export const liveness = signal<'connecting' | 'live' | 'polling'>('connecting');

let lastChange = 0;
let planned: ReturnType<typeof setTimeout> | undefined;

function tellChange(): void {
  if (planned !== undefined) return;
  const wait = Math.max(0, lastChange + LEAST_INTERVAL - Date.now());
  planned = setTimeout(() => {
    planned = undefined;
    lastChange = Date.now();
    if (!document.hidden) changes.value += 1;
  }, wait);
}

export function startLive(): void {
  const stream = new EventSource('api/live');
  stream.addEventListener('open', () => {
    liveness.value = 'live';
    tellChange();
  });
  stream.addEventListener('changed', tellChange);
  stream.addEventListener('error', () => (liveness.value = 'polling'));
  setInterval(() => {
    if (liveness.value !== 'live') tellChange();
  }, POLL_INTERVAL);
  document.addEventListener('visibilitychange', tellChange);
}
