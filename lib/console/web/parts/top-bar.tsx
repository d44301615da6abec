import type { JSX } from 'preact';
import { liveness } from '../live.js';
import { route } from '../navigation.js';
import type { Route } from '../route.js';
import { isHelpOpen } from '../shortcuts.js';
import { Icon } from './icon.js';

type Section = 'triggers' | 'events' | 'dead-letters' | 'replay';

const SECTIONS: readonly (readonly [Section, string])[] = [
  ['triggers', 'Triggers'],
  ['events', 'Events'],
  ['dead-letters', 'Dead letters'],
  ['replay', 'Replay'],
];

const LIVENESS = {
  connecting: ['Connecting', 'The stream of changes is being opened'],
  live: ['Live', 'Changes are shown as they happen'],
  polling: ['Every 5 s', 'The stream of changes is interrupted; the page looks every 5 seconds'],
} as const;

export function TopBar(): JSX.Element {
  const current = sectionOf(route.value);
  const [label, title] = LIVENESS[liveness.value];
  return (
    <header class="top">
      <a class="brand" href="#/triggers">
        <Icon name="bolt" />
        <span>Event triggers</span>
      </a>
      <nav aria-label="Screens">
        {SECTIONS.map(([section, name]) => (
          <a
            key={section}
            href={`#/${section}`}
            aria-current={section === current ? 'page' : undefined}
          >
            {name}
          </a>
        ))}
      </nav>
      <div class="aside">
        <span class={`liveness ${liveness.value}`} title={title}>
          {label}
        </span>
        <button
          type="button"
          class="button quiet help"
          aria-label="Help on the keyboard"
          title="Keyboard (?)"
          onClick={() => (isHelpOpen.value = true)}
        >
          ?
        </button>
      </div>
    </header>
  );
}

function sectionOf({ screen }: Route): Section | null {
  if (screen === 'dead-letters' || screen === 'replay') return screen;
  if (screen === 'events' || screen === 'event') return 'events';
  return screen === 'unknown' ? null : 'triggers';
}
