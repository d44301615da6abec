import { signal } from '@preact/signals';
import { problemOf } from './problem.js';

export interface Notice {
  readonly kind: 'done' | 'failed';
  readonly text: string;
  readonly hint: string | null;
}

/** Long enough to be read; what failed stays until it is closed. */
const READING_TIME = 6_000;

/** What came of the last action. */
export const notice = signal<Notice | null>(null);

let closing: ReturnType<typeof setTimeout> | undefined;

function show(next: Notice): void {
  clearTimeout(closing);
  notice.value = next;
  if (next.kind === 'done') closing = setTimeout(() => (notice.value = null), READING_TIME);
}

export const tellDone = (text: string): void => show({ kind: 'done', text, hint: null });

export function tellFailed(error: unknown): void {
  const { message, hint } = problemOf(error);
  show({ kind: 'failed', text: message, hint });
}

/** Carries an action out, and tells what came of it. */
export async function act(action: () => Promise<string>): Promise<boolean> {
  try {
    tellDone(await action());
    return true;
  } catch (error) {
    tellFailed(error);
    return false;
  }
}
