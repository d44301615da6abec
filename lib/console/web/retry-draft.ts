import type { Definition } from './answers.js';

/** A retry policy while it is written; an empty field leaves it to the module. */
export interface RetryDraft {
  readonly attempts: string;
  readonly strategy: 'default' | 'exponential' | 'fixed' | 'list';
  /** Of a list: the delays, with commas between them. */
  readonly delays: string;
  readonly delay: string;
  readonly maxDelay: string;
  readonly maxAge: string;
  /** No field of the form; it stays as it is. */
  readonly jitter: boolean | undefined;
}

type Retry = NonNullable<Definition['retry']>;

export function retryDraft(retry: Retry = {}): RetryDraft {
  const { attempts, strategy, delay, maxDelay, maxAge, jitter } = retry;
  const isList = strategy !== undefined && typeof strategy !== 'string';
  return {
    attempts: String(attempts ?? ''),
    strategy: isList ? 'list' : (strategy ?? 'default'),
    delays: isList ? strategy.join(', ') : '',
    delay: String(delay ?? ''),
    maxDelay: String(maxDelay ?? ''),
    maxAge: String(maxAge ?? ''),
    jitter,
  };
}

/** The policy that a draft means; null where all of it is left to the module. */
export function retryOf(draft: RetryDraft): Retry | null {
  const isList = draft.strategy === 'list';
  const policy: Record<string, unknown> = {
    attempts: draft.attempts.trim() === '' ? undefined : Number(draft.attempts),
    strategy: strategyOf(draft),
    // A list says all delays itself.
    delay: isList ? undefined : durationOf(draft.delay),
    maxDelay: isList ? undefined : durationOf(draft.maxDelay),
    maxAge: durationOf(draft.maxAge),
    jitter: draft.jitter,
  };
  const given = Object.entries(policy).filter(([, value]) => value !== undefined);
  return given.length === 0 ? null : (Object.fromEntries(given) as Retry);
}

function strategyOf({ strategy, delays }: RetryDraft): Retry['strategy'] {
  if (strategy === 'default') return undefined;
  return strategy === 'list' ? delaysOf(delays).flatMap((one) => durationOf(one) ?? []) : strategy;
}

export const delaysOf = (delays: string): string[] =>
  delays.split(',').flatMap((one) => (one.trim() === '' ? [] : [one.trim()]));

/** Digits alone are milliseconds, which the library takes as a number. */
export function durationOf(text: string): string | number | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  return /^\d+$/.test(trimmed) ? Number(trimmed) : trimmed;
}
