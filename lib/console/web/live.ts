import { signal, type Signal } from '@preact/signals';
import { HOME } from './home.js';

/** Between two looks where the server cannot tell of changes: a proxy may hold its stream back. */
const POLL_INTERVAL = 5_000;
/** A screen that is told of changes all the time still has to be read. */
const LEAST_INTERVAL = 1_000;
/** Figures of a whole hour look no different sooner, and cost the database more. */
const LEAST_INTERVAL_OF_FIGURES = 5_000;

/** Counts what may have changed; screens load again when it grows. */
export const changes = signal(0);
/** The same for figures over time. */
export const changesOfFigures = signal(0);
/** How this page learns of changes. */
export const liveness = signal<'connecting' | 'live' | 'polling'>('connecting');

const tellers = [
  teller(changes, LEAST_INTERVAL),
  teller(changesOfFigures, LEAST_INTERVAL_OF_FIGURES),
];

/** Tells of the first change at once, and of those that follow it together. */
function teller(counter: Signal<number>, interval: number): () => void {
  let last = 0;
  let planned: ReturnType<typeof setTimeout> | undefined;
  return () => {
    planned ??= setTimeout(
      () => {
        planned = undefined;
        last = Date.now();
        if (!document.hidden) counter.value += 1;
      },
      Math.max(0, last + interval - Date.now()),
    );
  };
}

function tellChange(): void {
  for (const tell of tellers) tell();
}

export function startLive(): void {
  connect();
  setInterval(() => {
    if (liveness.value !== 'live') tellChange();
  }, POLL_INTERVAL);
  document.addEventListener('visibilitychange', tellChange);
}

function connect(): void {
  const stream = new EventSource(new URL('api/live', HOME));
  stream.addEventListener('open', () => {
    // What happened while nobody listened is told by no event.
    if (liveness.value === 'polling') tellChange();
    liveness.value = 'live';
  });
  stream.addEventListener('changed', tellChange);
  stream.addEventListener('error', () => {
    liveness.value = 'polling';
    // It comes back by itself from a lost connection, and not from an answer that is an error.
    if (stream.readyState === EventSource.CLOSED) setTimeout(connect, POLL_INTERVAL);
  });
}
