import type { Signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { changes } from './live.js';
import { isAbort, problemOf, type Problem } from './problem.js';
import { Repetition } from './repetition.js';

/** What a screen knows of something that it loads. */
export interface Loaded<Value> {
  /** The last that came; it stays while newer is loaded, and when that fails. */
  readonly value: Value | null;
  readonly problem: Problem | null;
  readonly reload: () => void;
}

interface State<Value> extends Omit<Loaded<Value>, 'reload'> {
  readonly key: string;
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
  const [state, setState] = useState<State<Value>>({ key, value: null, problem: null });
  const latest = useRef(load);
  latest.current = load;
  const repetition = useRef<Repetition | null>(null);

  useEffect(() => {
    const current = new Repetition(async (signal) => {
      try {
        const value = await latest.current(signal);
        if (!signal.aborted) setState({ key, value, problem: null });
      } catch (error) {
        if (signal.aborted || isAbort(error)) return;
        const problem = problemOf(error);
        setState((before) => ({ key, value: before.key === key ? before.value : null, problem }));
      }
    });
    repetition.current = current;
    current.ask();
    const leave = follow?.subscribe(() => current.ask());
    return () => {
      leave?.();
      current.end();
    };
  }, [key, follow]);

  const reload = (): void => repetition.current?.ask();
  // What was loaded for another key is not shown as if it were this one's.
  return state.key === key ? { ...state, reload } : { value: null, problem: null, reload };
}
