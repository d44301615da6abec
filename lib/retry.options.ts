import { milliseconds, type Duration } from './duration.js';
import type { StoredRetry } from './pipeline/attach/stored-trigger.js';
import {
  durationRule,
  isBoolean,
  isDuration,
  isListOf,
  isOneOf,
  isWholeNumber,
  May,
} from './validation.js';

/** More would be a schedule by accident, and the column that counts them is a smallint. */
const MOST_ATTEMPTS = 1_000;
/** Below it a failing destination would be hammered; above it nobody waits for an event any more. */
const [LEAST_DELAY, MOST_DELAY] = ['100ms', '30d'] as const;
const [LEAST_AGE, MOST_AGE] = ['1s', '365d'] as const;

const isDelay = isDuration(LEAST_DELAY, MOST_DELAY);

/**
 * When an event that did not get through is tried again.
 *
 * The defaults give up after 29 hours: an outage that begins in the evening can be mended by people at work
 * before anything becomes a dead letter (Svix tries for 28 hours, Standard Webhooks propose 76).
 *
 * @example
 * retry: { attempts: 4, strategy: 'fixed', delay: '10s' } // Hasura's num_retries: 3, interval_sec: 10
 * @example
 * retry: { strategy: ['5s', '5m', '30m', '2h', '5h', '10h', '10h'] } // Svix
 */
export class RetryOptions {
  /**
   * Attempts in all, the first one included: Hasura's `num_retries` + 1. From 1 to 1000.
   *
   * Default: 16, or one more than the delays of a `strategy` that lists them.
   */
  @May(
    `be a whole number from 1 to ${MOST_ATTEMPTS}; the first attempt counts, so 1 means no retry`,
    isWholeNumber(1, MOST_ATTEMPTS),
  )
  attempts?: number;

  /**
   * How the delay grows: `'exponential'` doubles it each time, `'fixed'` keeps it, a list gives each one
   * (its last one repeats if there are more attempts).
   *
   * Default: `'exponential'`, since most failures are over in seconds and the others take hours.
   */
  @May(
    `be 'exponential', 'fixed' or a list of delays from ${LEAST_DELAY} to ${MOST_DELAY}`,
    (value, owner) =>
      isOneOf('exponential', 'fixed')(value, owner) || isListOf(isDelay)(value, owner),
  )
  strategy?: 'exponential' | 'fixed' | readonly Duration[];

  /** The time before the second attempt. Default: 10 s, as in Hasura. */
  @May(durationRule(LEAST_DELAY, MOST_DELAY), isDelay)
  delay?: Duration;

  /** No delay grows beyond it. Default: 6 h, so that a mended destination has its events back the same day. */
  @May(`${durationRule(LEAST_DELAY, MOST_DELAY)}, and not less than delay`, isMaxDelay)
  maxDelay?: Duration;

  /** No attempt starts later than this after the row changed. Default: none, `attempts` decides. */
  @May(durationRule(LEAST_AGE, MOST_AGE), isDuration(LEAST_AGE, MOST_AGE))
  maxAge?: Duration;

  /** Spreads each delay by a fifth, so that what failed together does not come back together. Default: true. */
  @May('be true or false', isBoolean)
  jitter?: boolean;
}

function isMaxDelay(value: unknown, owner: object): boolean {
  const { delay } = owner as RetryOptions;
  if (!isDelay(value, owner)) return false;
  return (
    delay === undefined ||
    !isDelay(delay, owner) ||
    milliseconds(value as Duration) >= milliseconds(delay)
  );
}

const DEFAULT_RETRY = {
  attempts: 16,
  strategy: 'exponential',
  delay: 10_000,
  maxDelay: 6 * 3_600_000,
  maxAge: null,
  jitter: true,
} as const satisfies StoredRetry;

/** The policy that comes of `own` options where they are given, of `inherited` ones else, of defaults last. */
export function resolveRetry(own: RetryOptions = {}, inherited: RetryOptions = {}): StoredRetry {
  const strategy = own.strategy ?? inherited.strategy ?? DEFAULT_RETRY.strategy;
  const maxAge = own.maxAge ?? inherited.maxAge;
  const shared = {
    maxAge: maxAge === undefined ? DEFAULT_RETRY.maxAge : milliseconds(maxAge),
    jitter: own.jitter ?? inherited.jitter ?? DEFAULT_RETRY.jitter,
  };
  if (typeof strategy !== 'string') {
    const delays = strategy.map(milliseconds);
    // An inherited number of attempts belongs to the inherited strategy.
    const attempts = own.attempts ?? (own.strategy === undefined ? inherited.attempts : undefined);
    return {
      ...shared,
      attempts: attempts ?? delays.length + 1,
      strategy: delays,
      delay: delays[0] ?? DEFAULT_RETRY.delay,
      maxDelay: Math.max(...delays),
    };
  }
  const delay = milliseconds(own.delay ?? inherited.delay ?? DEFAULT_RETRY.delay);
  const maxDelay = milliseconds(own.maxDelay ?? inherited.maxDelay ?? DEFAULT_RETRY.maxDelay);
  return {
    ...shared,
    attempts: own.attempts ?? inherited.attempts ?? DEFAULT_RETRY.attempts,
    strategy,
    delay,
    maxDelay: Math.max(delay, maxDelay),
  };
}
