import { milliseconds, type Duration } from './duration.js';
import type { StoredBreaker } from './pipeline/attach/stored-trigger.js';
import { durationRule, isDuration, isWholeNumber, May } from './validation.js';

const [SHORTEST, LONGEST] = ['100ms', '1h'] as const;
const [FIRST_DISABLED, LAST_DISABLED] = ['1m', '365d'] as const;

/**
 * When a destination counts as failing. Then nothing is claimed for it and no attempt is used up; after a pause
 * one attempt at a time finds out whether it is back.
 *
 * @example
 * breaker: { failureRatio: 0.5, disableAfter: '1d' }
 */
export class BreakerOptions {
  /**
   * The part of the attempts in a window that has to fail, above 0 and up to 1.
   *
   * Default: 0.8, so that a few events that a receiver does not like stop none of the others.
   */
  @May('be above 0 and up to 1', (value) => typeof value === 'number' && value > 0 && value <= 1)
  failureRatio?: number;

  /** What counts as lately. Default: 30 s. */
  @May(durationRule(SHORTEST, LONGEST), isDuration(SHORTEST, LONGEST))
  window?: Duration;

  /** Attempts in a window below which nothing is concluded, from 1. Default: 20, where a ratio means something. */
  @May('be a whole number from 1 to 10000', isWholeNumber(1, 10_000))
  minimum?: number;

  /** How long the destination is left alone at first; it doubles with each vain probe. Default: 5 s. */
  @May(durationRule(SHORTEST, LONGEST), isDuration(SHORTEST, LONGEST))
  pause?: Duration;

  /** It is not left alone for longer. Default: 1 min, so that a mended destination has its events soon. */
  @May(durationRule(SHORTEST, LONGEST), isDuration(SHORTEST, LONGEST))
  maxPause?: Duration;

  /**
   * After failing for so long its delivery is paused until somebody resumes it; false never pauses it. Its events
   * are kept.
   *
   * Default: 5 days, after which platforms give up an endpoint (Svix), and nobody expects the next probe to help.
   */
  @May(
    `be false or ${durationRule(FIRST_DISABLED, LAST_DISABLED)}`,
    (value, owner) => value === false || isDuration(FIRST_DISABLED, LAST_DISABLED)(value, owner),
  )
  disableAfter?: false | Duration;
}

const DEFAULTS = {
  failureRatio: 0.8,
  window: '30s',
  minimum: 20,
  pause: '5s',
  maxPause: '1m',
  disableAfter: '5d',
} as const satisfies BreakerOptions;

/** What comes of `own` options where they are given, of `inherited` ones else, of defaults last. */
export function resolveBreaker(
  own: false | BreakerOptions | undefined,
  inherited: false | BreakerOptions,
): { breaker?: StoredBreaker } {
  if (own === false || (own === undefined && inherited === false)) return {};
  const { failureRatio, window, minimum, pause, maxPause, disableAfter } = {
    ...DEFAULTS,
    ...given(inherited || {}),
    ...given(own ?? {}),
  };
  return {
    breaker: {
      failureRatio,
      window: milliseconds(window),
      minimum,
      pause: milliseconds(pause),
      maxPause: Math.max(milliseconds(pause), milliseconds(maxPause)),
      disableAfter: disableAfter === false ? null : milliseconds(disableAfter),
    },
  };
}

/** Without what says undefined. */
function given(options: BreakerOptions): Required<BreakerOptions> {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Required<BreakerOptions>;
}
