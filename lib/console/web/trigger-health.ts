import type { Trigger } from './answers.js';

export interface TriggerHealth {
  readonly kind: 'good' | 'failing' | 'paused' | 'removed' | 'off' | 'lossy';
  readonly label: string;
  /** Why, and since when where that is known. */
  readonly reason: string;
  readonly since: string | null;
}

type PauseReason = NonNullable<Trigger['deliveryPaused']>['reason'];

const PAUSES: Readonly<Record<PauseReason, string>> = {
  hand: 'Delivery was paused by hand; changes are captured and wait',
  failing: 'Delivery was paused because the destination has failed for long',
  gone: 'Delivery was paused because the destination said that it is gone',
  removed: 'Nobody defines this trigger any more; what waits is kept',
};

/** What a person has to know first of a trigger; the gravest wins. */
export function healthOf(trigger: Trigger): TriggerHealth {
  const { removedAt, deliveryPaused, capturePaused, failingSince, enabled, dead } = trigger;
  if (removedAt !== null)
    return { kind: 'removed', label: 'Removed', reason: PAUSES.removed, since: removedAt };
  if (deliveryPaused !== null)
    return {
      kind: 'paused',
      label: deliveryPaused.reason === 'hand' ? 'Paused' : 'Stopped',
      reason: PAUSES[deliveryPaused.reason],
      since: deliveryPaused.since,
    };
  if (failingSince !== null)
    return {
      kind: 'failing',
      label: 'Failing',
      reason: 'Attempts fail; they are repeated until they succeed or are used up',
      since: failingSince,
    };
  if (capturePaused !== null)
    return {
      kind: 'paused',
      label: 'Not capturing',
      reason: 'Changes of the table go by and make no events',
      since: capturePaused.since,
    };
  if (!enabled)
    return {
      kind: 'off',
      label: 'Disabled',
      reason: 'Its definition says enabled: false, so that it captures nothing',
      since: null,
    };
  if (dead > 0)
    return {
      kind: 'lossy',
      label: 'Dead letters',
      reason: 'Changes are captured and delivered, but some events were given up',
      since: null,
    };
  return {
    kind: 'good',
    label: 'Healthy',
    reason: 'Changes are captured and delivered',
    since: null,
  };
}
