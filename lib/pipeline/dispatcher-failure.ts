import type { TriggerId } from './event.js';

/** What the functions of the schema raise when they cannot go on. Then nothing was taken or recorded. */
const REFUSAL = /^ET\d{3}$/;
const STREAM_DAMAGED = 'ET003';
const LEASE_LOST = 'ET005';

/** After an error of the database: soon again, then more slowly. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/** Why a turn failed, as far as it matters for going on. */
export type Failure =
  | { readonly kind: 'lease-lost' }
  /** The bookkeeping of one stream is damaged; the error's detail names it. */
  | { readonly kind: 'stream-damaged'; readonly trigger: TriggerId }
  /** The log is not in a state to work on; trying again takes nothing by accident. */
  | { readonly kind: 'log-refuses' }
  /** Anything else: the call may have done its work all the same. */
  | { readonly kind: 'log-unreachable' };

export function failureOf(error: unknown): Failure {
  const { code, detail } = error as { code?: unknown; detail?: unknown };
  if (code === LEASE_LOST) return { kind: 'lease-lost' };
  if (code === STREAM_DAMAGED && typeof detail === 'string' && /^\d+$/.test(detail)) {
    return { kind: 'stream-damaged', trigger: Number(detail) as TriggerId };
  }
  if (typeof code === 'string' && REFUSAL.test(code)) return { kind: 'log-refuses' };
  return { kind: 'log-unreachable' };
}

/** Milliseconds to wait after so many failures in a row; random, so that replicas do not return in step. */
export function pauseAfter(failures: number, random: () => number = Math.random): number {
  const doubled = FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 10);
  return Math.min(LONGEST_PAUSE_MS, doubled) * (0.5 + random() / 2);
}

/** A refusal says how to mend it. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, hint } = error as { code?: unknown; hint?: unknown };
  const isRefusal = typeof code === 'string' && REFUSAL.test(code);
  return isRefusal && typeof hint === 'string' ? `${error.message}. ${hint}` : error.message;
}
