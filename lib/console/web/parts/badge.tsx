import type { JSX } from 'preact';
import type { EventState } from '../answers.js';
import type { TriggerHealth } from '../trigger-health.js';
import { Icon, type IconName } from './icon.js';

type Tone = 'good' | 'bad' | 'warning' | 'active' | 'calm';

const STATES: Readonly<Record<EventState, readonly [Tone, IconName, string]>> = {
  waiting: ['calm', 'clock', 'Waiting'],
  'in-flight': ['active', 'send', 'In flight'],
  retrying: ['warning', 'resend', 'Retrying'],
  parked: ['warning', 'pause', 'Parked'],
  delivered: ['good', 'check', 'Delivered'],
  dead: ['bad', 'cross', 'Dead'],
  cancelled: ['calm', 'minus', 'Cancelled'],
  closed: ['calm', 'minus', 'Closed'],
};

const HEALTHS: Readonly<Record<TriggerHealth['kind'], readonly [Tone, IconName]>> = {
  good: ['good', 'check'],
  failing: ['bad', 'warning'],
  paused: ['warning', 'pause'],
  removed: ['calm', 'minus'],
  off: ['calm', 'minus'],
  lossy: ['warning', 'cross'],
};

interface BadgeProps {
  readonly tone: Tone;
  readonly icon: IconName;
  readonly label: string;
  readonly title?: string;
}

/** Said by colour, picture and word, so that none is needed alone. */
export function Badge({ tone, icon, label, title }: BadgeProps): JSX.Element {
  return (
    <span class={`badge ${tone}`} title={title}>
      <Icon name={icon} />
      {label}
    </span>
  );
}

export function StateBadge({ state }: { state: EventState }): JSX.Element {
  const [tone, icon, label] = STATES[state];
  return <Badge tone={tone} icon={icon} label={label} />;
}

export const stateName = (state: EventState): string => STATES[state][2];

export function HealthBadge({ health }: { health: TriggerHealth }): JSX.Element {
  const [tone, icon] = HEALTHS[health.kind];
  return <Badge tone={tone} icon={icon} label={health.label} title={health.reason} />;
}
