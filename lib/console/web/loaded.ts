import type { Signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { changes } from './live.js';
import { isAbort, problemOf, type Problem } from './problem.js';

/** What a screen knows of something that it loads. */
export interface Loaded<Value> {
  /** The last that came; it stays while newer is loaded, and when that fails. */
  readonly value: Value | null;
  readonly problem: Problem | null;
  readonly reload: () => void;
}

/**
 * Loads when the screen appears, and again with another key.
 *
 * @param key what the request depends on
 * @param follow what tells that it has to be loaded again; null: nothing does
 */
export function useLoaded<Value>(
  load: (signal: AbortSignal) => Promise<Value>,
  key: string,
  follow: Signal<number> | null = changes,
): Loaded<Value> {
  const [state, setState] = useState<{
    key: string;
    value: Value | null;
    problem: Problem | null;
  }>({ key, value: null, problem: null });
  const [times, setTimes] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  const change = follow?.value;

  useEffect(() => {
    const ending = new AbortController();
    latest.current(ending.signal).then(
      (value) => {
        if (!ending.signal.aborted) setState({ key, value, problem: null });
      },
      (error: unknown) => {
        if (ending.signal.aborted || isAbort(error)) return;
        const problem = problemOf(error);
        setState((before) => ({ key, value: before.key === key ? before.value : null, problem }));
      },
    );
    return () => ending.abort();
  }, [key, change, times]);

  const reload = (): void => setTimes((before) => before + 1);
  // What was loaded for another key is not shown as if it were this one's.
  return state.key === key ? { ...state, reload } : { value: null, problem: null, reload };
}
