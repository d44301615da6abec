import { setTimeout as pause } from 'node:timers/promises';

/** Long enough for a loaded machine; a condition that holds is seen much earlier. */
const DEFAULT_TIMEOUT = 10_000;
/** Short beside everything that is waited for, long beside one query. */
const POLL_INTERVAL = 20;

export interface WaitOptions {
  timeoutMs?: number;
  /** Completes the sentence 'Waited in vain for …'. */
  describe?: string;
}

type Falsy = false | 0 | '' | null | undefined;

/**
 * Asks again and again until the answer is truthy, and returns it. An error that the
 * question throws counts as 'not yet' and is told when the time is over.
 */
export async function eventually<T>(
  ask: () => Promise<T> | T,
  { timeoutMs = DEFAULT_TIMEOUT, describe = 'a condition' }: WaitOptions = {},
): Promise<Exclude<T, Falsy>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await attempt(ask);
    if ('value' in answer && answer.value) return answer.value as Exclude<T, Falsy>;
    if (performance.now() >= deadline) {
      const last = 'value' in answer ? `answer was ${String(answer.value)}` : `try failed`;
      throw new Error(`Waited ${timeoutMs} ms in vain for ${describe}; the last ${last}`, {
        cause: 'error' in answer ? answer.error : undefined,
      });
    }
    await pause(POLL_INTERVAL);
  }
}

async function attempt<T>(ask: () => Promise<T> | T): Promise<{ value: T } | { error: unknown }> {
  try {
    return { value: await ask() };
  } catch (error) {
    return { error };
  }
}
