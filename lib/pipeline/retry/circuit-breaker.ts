import type { StoredBreaker } from '../attach/stored-trigger.js';

/** The window slides in steps: a failure counts for between nine and ten tenths of it. */
const STEPS = 10;
/** Successes in a row that close it: one may be luck, three in a row at a mended receiver take no time. */
const PROBES_TO_CLOSE = 3;
/** What opened in all replicas together must not probe in step. */
const SPREAD = 0.2;

/** A change of state that somebody should hear of. */
export type BreakerChange = 'opened' | 'reopened' | 'closed';

interface Step {
  readonly number: number;
  attempts: number;
  failures: number;
}

/**
 * Whether attempts at a destination are worth making.
 *
 * Closed, it counts; where too many of the attempts of a window failed, it opens, and nothing is attempted
 * for a pause that grows with every vain probe. Then it lets one attempt through at a time, until enough of
 * them succeeded. Times are milliseconds of a monotonic clock, handed in.
 *
 * After M. Nygard, "Release It!", chapter 5.
 */
export class CircuitBreaker {
  private steps: Step[] = [];
  private state: 'closed' | 'open' | 'probing' = 'closed';
  private pause: number;
  private opensAt = 0;
  private probing = 0;
  private successes = 0;

  constructor(
    private readonly policy: StoredBreaker,
    private readonly random: () => number = Math.random,
  ) {
    this.pause = policy.pause;
  }

  /** Milliseconds until an attempt may begin; null while one that probes is under way. */
  opensIn(now: number): number | null {
    if (this.state === 'closed') return 0;
    if (this.state === 'open' && now < this.opensAt) return this.opensAt - now;
    return this.probing === 0 ? 0 : null;
  }

  /** Whether it keeps everything back: nothing is to be claimed for it. */
  isOpen(now: number): boolean {
    return this.state === 'open' && now < this.opensAt;
  }

  /** An attempt begins. @returns whether it is a probe, to be said at its end */
  begin(): boolean {
    if (this.state === 'closed') return false;
    this.state = 'probing';
    this.probing += 1;
    return true;
  }

  /** An attempt has ended. */
  end(succeeded: boolean, isProbe: boolean, now: number): BreakerChange | null {
    if (isProbe) return this.endProbe(succeeded, now);
    // Those that were under way when it opened tell what is known already.
    if (this.state !== 'closed') return null;
    this.count(succeeded, now);
    return !succeeded && this.isTooMuch() ? this.open(now, 'opened') : null;
  }

  private endProbe(succeeded: boolean, now: number): BreakerChange | null {
    this.probing -= 1;
    if (this.state !== 'probing') return null;
    if (!succeeded) {
      this.pause = Math.min(this.pause * 2, Math.max(this.policy.pause, this.policy.maxPause));
      return this.open(now, 'reopened');
    }
    this.successes += 1;
    if (this.successes < PROBES_TO_CLOSE) return null;
    this.state = 'closed';
    this.steps = [];
    this.pause = this.policy.pause;
    return 'closed';
  }

  private open(now: number, change: 'opened' | 'reopened'): BreakerChange {
    this.state = 'open';
    this.successes = 0;
    this.opensAt = now + this.pause * (1 - SPREAD + 2 * SPREAD * this.random());
    return change;
  }

  private count(succeeded: boolean, now: number): void {
    const number = Math.floor((now / this.policy.window) * STEPS);
    let step = this.steps.at(-1);
    if (step?.number !== number) {
      step = { number, attempts: 0, failures: 0 };
      this.steps = [...this.steps.filter((one) => one.number > number - STEPS), step];
    }
    step.attempts += 1;
    if (!succeeded) step.failures += 1;
  }

  private isTooMuch(): boolean {
    const attempts = this.steps.reduce((sum, step) => sum + step.attempts, 0);
    const failures = this.steps.reduce((sum, step) => sum + step.failures, 0);
    return attempts >= this.policy.minimum && failures >= attempts * this.policy.failureRatio;
  }
}
