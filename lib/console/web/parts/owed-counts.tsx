import type { JSX } from 'preact';
import type { Trigger } from '../answers.js';
import { countText } from '../counts.js';
import { addressOf } from '../route.js';

const COUNTS = [
  ['retrying', 'Retrying'],
  ['parked', 'Parked'],
  ['dead', 'Dead'],
] as const;

export type OwedState = (typeof COUNTS)[number][0];

/** How many events of a trigger are in a state that somebody may have to look at; it leads to them. */
export function OwedCount({ trigger, state }: { trigger: Trigger; state: OwedState }): JSX.Element {
  const count = trigger[state];
  if (count === 0) return <span class="muted">0</span>;
  return (
    <a
      class={state === 'dead' ? 'bad-number' : 'warning-number'}
      href={addressOf(['events'], { trigger: trigger.name, state })}
      aria-label={`${countText(count)} ${state} of ${trigger.name}`}
    >
      {countText(count)}
    </a>
  );
}
