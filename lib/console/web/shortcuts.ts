import { signal } from '@preact/signals';
import { go } from './navigation.js';

export const isHelpOpen = signal(false);

/** What follows `g`. */
export const PLACES: Readonly<Record<string, readonly [address: string, name: string]>> = {
  t: ['#/triggers', 'Triggers'],
  e: ['#/events', 'Events'],
  d: ['#/dead-letters', 'Dead letters'],
  r: ['#/replay', 'Replay'],
};

/** After `g` the second key has to follow within this time. */
const CHORD = 1_000;

let chordUntil = 0;

export function startShortcuts(): void {
  document.addEventListener('keydown', (event) => {
    const isChord = event.ctrlKey || event.metaKey || event.altKey;
    if (isChord || isWriting(event.target) || document.querySelector('dialog[open]')) return;
    if (!press(event.key)) return;
    event.preventDefault();
  });
}

/** @returns whether the key means something */
function press(key: string): boolean {
  const place = performance.now() < chordUntil ? PLACES[key] : undefined;
  chordUntil = key === 'g' ? performance.now() + CHORD : 0;
  if (place !== undefined) {
    go(place[0]);
    return true;
  }
  if (key === '?') {
    isHelpOpen.value = true;
    return true;
  }
  const filter = key === '/' ? document.querySelector<HTMLElement>('[data-filter]') : null;
  filter?.focus();
  return filter !== null;
}

const isWriting = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
