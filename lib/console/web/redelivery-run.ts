import { signal } from '@preact/signals';
import { countRedelivery, redeliver } from './api.js';
import type { Redelivery } from './answers.js';
import { isAbort, Problem, problemOf } from './problem.js';

type Phase = 'idle' | 'counting' | 'counted' | 'running' | 'done' | 'cancelled' | 'failed';

/** A redelivery of many events, from the count to the last one. */
export class RedeliveryRun {
  readonly phase = signal<Phase>('idle');
  /** How many there were when they were counted. */
  readonly expected = signal(0);
  readonly redelivered = signal(0);
  readonly problem = signal<Problem | null>(null);
  private ending = new AbortController();

  /** Counts without sending. */
  async count(filter: Redelivery): Promise<void> {
    const { signal: ended } = this.begin('counting');
    try {
      this.expected.value = await countRedelivery(filter, ended);
      if (!ended.aborted) this.phase.value = 'counted';
    } catch (error) {
      this.fail(error, ended);
    }
  }

  async start(filter: Redelivery): Promise<void> {
    const { signal: ended } = this.begin('running');
    this.redelivered.value = 0;
    try {
      for await (const line of redeliver(filter, ended)) {
        this.redelivered.value = line.redelivered;
        if (line.code !== undefined) throw new Problem(line);
        if (line.done === true) {
          this.phase.value = 'done';
          return;
        }
      }
      throw new Problem({
        detail: 'The connection ended before the last event was handed over',
        hint: 'Count again: what was handed over is counted no more.',
      });
    } catch (error) {
      this.fail(error, ended);
    }
  }

  /** Ends it; what was handed over is sent. */
  cancel(): void {
    this.ending.abort();
    if (this.phase.value === 'running') this.phase.value = 'cancelled';
    if (this.phase.value === 'counting') this.phase.value = 'idle';
  }

  /** Forgets what was counted, because the filter is another one. */
  reset(): void {
    this.ending.abort();
    this.phase.value = 'idle';
    this.problem.value = null;
  }

  private begin(phase: 'counting' | 'running'): AbortController {
    this.ending.abort();
    this.ending = new AbortController();
    this.problem.value = null;
    this.phase.value = phase;
    return this.ending;
  }

  private fail(error: unknown, ended: AbortSignal): void {
    if (ended.aborted || isAbort(error)) return;
    this.problem.value = problemOf(error);
    this.phase.value = 'failed';
  }
}
