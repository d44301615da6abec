import { STATUS_OUTCOMES, type StatusOutcome, type StatusRules } from '../attach/stored-trigger.js';

/**
 * Gone is meant to last (RFC 9110 §15.5.11), and what is too large today is so tomorrow (§15.5.14). All else that is
 * no success may be over by the next attempt, 400 too: receivers are deployed and mended.
 */
const DEFAULTS: StatusRules = { '2xx': 'delivered', '410': 'gone', '413': 'rejected' };

export const isStatusOutcome = (value: unknown): value is StatusOutcome =>
  (STATUS_OUTCOMES as readonly unknown[]).includes(value);

/** A rule for the status itself comes before one for its class, and one of the trigger's before a default. */
export function outcomeOfStatus(status: number, rules: StatusRules): StatusOutcome {
  const exact = String(status);
  const inClass = `${Math.floor(status / 100)}xx`;
  return rules[exact] ?? DEFAULTS[exact] ?? rules[inClass] ?? DEFAULTS[inClass] ?? 'retry';
}
