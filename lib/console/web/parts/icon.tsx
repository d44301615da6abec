import type { JSX } from 'preact';

/** Drawn on a grid of 16, with lines of one and a half. */
const PATHS = {
  bolt: 'M9 1.8 3.5 9H8l-1 5.2L12.5 7H8z',
  check: 'm3 8.5 3.2 3.2L13 4.8',
  clock: 'M8 4.5V8l2.3 1.5M14.2 8A6.2 6.2 0 1 1 1.8 8a6.2 6.2 0 0 1 12.4 0z',
  close: 'm4 4 8 8m0-8-8 8',
  copy: 'M5.5 5.5h7v8h-7zM10.5 5.5v-3h-7v8h2',
  cross: 'M10 6 6 10m0-4 4 4m4.2-2A6.2 6.2 0 1 1 1.8 8a6.2 6.2 0 0 1 12.4 0z',
  edit: 'm10.5 3 2.5 2.5L6 12.5l-3 .5.5-3z',
  minus: 'M4 8h8',
  pause: 'M5.5 3.5v9m5-9v9',
  play: 'M5 3.2v9.6L12.8 8z',
  plus: 'M8 3v10M3 8h10',
  resend: 'M13 8a5 5 0 1 1-1.5-3.6M13 2.5v3h-3',
  send: 'm2 2.5 12 5.5-12 5.5L3.8 8zM3.8 8H9',
  trash: 'M2.5 4.5h11M6 4.5v-2h4v2m2 0-.7 9H4.7L4 4.5M6.6 7v4m2.8-4v4',
  warning: 'M8 6v3.3m0 1.9v.1M8 2l6.5 11.5h-13z',
} as const;

export type IconName = keyof typeof PATHS;

/** A picture beside a word that says the same. */
export function Icon({ name }: { name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
