import type { StatusOutcome } from '../../pipeline/attach/stored-trigger.js';
import type { RetryOptions } from '../../retry.options.js';
import type { FieldReader } from './field-reader.js';

/** What Hasura does where a trigger says nothing. */
const DEFAULT_RETRIES = 0;
const DEFAULT_INTERVAL_SECONDS = 10;
const DEFAULT_TIMEOUT_SECONDS = 60;

/** What a definition may say at the most. */
const MOST_ATTEMPTS = 1_000;
const MOST_DELAY_SECONDS = 30 * 86_400;
/** Hasura gives no attempt longer either. */
const MOST_TIMEOUT_SECONDS = 1_800;
/** Hasura tries again at once where the interval is 0; a failing receiver would be hammered. */
const LEAST_DELAY = '100ms';

/** When an event that did not get through is sent again, by the names that a definition has for it. */
export interface ImportedRetry {
  statuses: Record<string, StatusOutcome>;
  retry: RetryOptions;
  timeout: string;
  breaker: false;
}

export function importRetry(trigger: FieldReader): ImportedRetry {
  const given = trigger.group('retry_conf');
  const retries = given?.count('num_retries') ?? DEFAULT_RETRIES;
  const interval = given?.count('interval_sec') ?? DEFAULT_INTERVAL_SECONDS;
  const timeout = given?.count('timeout_sec') ?? DEFAULT_TIMEOUT_SECONDS;
  if (given?.take('tolerance_seconds') !== undefined) {
    given.note(
      'retry_conf.tolerance_seconds is left out: it belongs to cron triggers, Hasura ignores it here. To give up old events set retry.maxAge.',
    );
  }
  given?.noteOthers();
  if (retries === 0) {
    trigger.note(
      'It is attempted once, as in Hasura. Without "attempts" it would be tried again for 29 hours.',
    );
  }
  return {
    // To Hasura each of them is a failure like any other.
    statuses: { '410': 'retry', '413': 'retry' },
    retry: {
      attempts: atMost(retries + 1, MOST_ATTEMPTS, 'retry_conf.num_retries + 1', trigger),
      strategy: 'fixed',
      delay: delayOf(interval, trigger),
      jitter: false,
    },
    timeout: `${timeoutOf(timeout, trigger)}s`,
    breaker: false,
  };
}

function delayOf(interval: number, trigger: FieldReader): string {
  if (interval > 0)
    return `${atMost(interval, MOST_DELAY_SECONDS, 'retry_conf.interval_sec', trigger)}s`;
  trigger.note(`retry_conf.interval_sec is 0 and becomes ${LEAST_DELAY}, the shortest delay.`);
  return LEAST_DELAY;
}

function timeoutOf(timeout: number, trigger: FieldReader): number {
  if (timeout > 0) return atMost(timeout, MOST_TIMEOUT_SECONDS, 'retry_conf.timeout_sec', trigger);
  trigger.note(
    `retry_conf.timeout_sec is 0, with which nothing gets through; it becomes ${DEFAULT_TIMEOUT_SECONDS}.`,
  );
  return DEFAULT_TIMEOUT_SECONDS;
}

function atMost(value: number, most: number, what: string, { notes }: FieldReader): number {
  if (value <= most) return value;
  notes.push(`${what} is ${value} and becomes ${most}, the most that a definition may say.`);
  return most;
}
