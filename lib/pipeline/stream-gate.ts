import type { StoredTrigger } from './attach/stored-trigger.js';
import { CongestionWindow, isOverload } from './deliver/congestion-window.js';
import { Gathering } from './deliver/gathering.js';
import type { Outcome } from './deliver/outcome.js';
import { TokenBucket } from './deliver/token-bucket.js';
import { LONGEST_ASKED_PAUSE } from './retry/retry-policy.js';
import { CircuitBreaker, type BreakerChange } from './retry/circuit-breaker.js';

/** An attempt that the gate let through, to be shown at its end. */
export interface Pass {
  readonly isProbe: boolean;
  readonly begunAt: number;
}

type Limits = Pick<StoredTrigger, 'concurrency' | 'rateLimit' | 'breaker' | 'bundle' | 'paused'>;

/**
 * Whether another attempt of one trigger may begin in this replica: its slots, its rate, its breaker, and
 * whether its delivery is paused. Times are milliseconds of a monotonic clock.
 */
export class StreamGate {
  private underWay = 0;
  private bucket: TokenBucket | null = null;
  private breaker: CircuitBreaker | null = null;
  private gathering: Gathering | null = null;
  private window: CongestionWindow;
  private restsUntil = Number.NEGATIVE_INFINITY;

  constructor(
    private limits: Limits,
    now: number,
  ) {
    this.window = new CongestionWindow(limits.concurrency);
    this.apply(limits, now);
  }

  get attempts(): number {
    return this.underWay;
  }

  /** The definition has changed. What is under way and what is known of the destination stays. */
  update(limits: Limits, now: number): void {
    const changed = (name: 'rateLimit' | 'breaker' | 'bundle' | 'concurrency'): boolean =>
      JSON.stringify(this.limits[name]) !== JSON.stringify(limits[name]);
    // Who resumes by hand wants to see attempts.
    const isResumed = this.limits.paused && !limits.paused;
    if (changed('rateLimit')) this.bucket = null;
    if (changed('bundle')) this.gathering = null;
    if (changed('breaker') || isResumed) this.breaker = null;
    if (changed('concurrency') || isResumed) this.window = new CongestionWindow(limits.concurrency);
    if (isResumed) this.restsUntil = Number.NEGATIVE_INFINITY;
    this.apply(limits, now);
  }

  /** Shut until the definition changes: the destination is gone. */
  shut(): void {
    this.limits = { ...this.limits, paused: true };
  }

  /**
   * Milliseconds until an attempt may begin, 0 when one may; null while it depends on something else than time:
   * on the end of an attempt, or on somebody who resumes the delivery.
   *
   * @param waiting events that wait: few of them may have to wait for others
   */
  opensIn(now: number, waiting = Number.POSITIVE_INFINITY): number | null {
    if (this.limits.paused || this.underWay >= this.window.limit) return null;
    const byBreaker = this.breaker === null ? 0 : this.breaker.opensIn(now);
    if (byBreaker === null) return null;
    return Math.max(
      byBreaker,
      this.bucket?.opensIn(now) ?? 0,
      this.restsUntil - now,
      this.gathering?.opensIn(waiting, now) ?? 0,
      0,
    );
  }

  /** Whether events may be claimed: not for a destination that is known to fail. */
  mayClaim(now: number): boolean {
    return !this.limits.paused && now >= this.restsUntil && this.breaker?.isOpen(now) !== true;
  }

  begin(now: number): Pass {
    this.underWay += 1;
    this.bucket?.take(now);
    this.gathering?.sent();
    return { isProbe: this.breaker?.begin() ?? false, begunAt: now };
  }

  end({ isProbe, begunAt }: Pass, outcome: Outcome, now: number): BreakerChange | null {
    const succeeded = outcome.kind === 'delivered';
    if (succeeded) this.window.succeeded();
    else if (isOverload(outcome)) {
      this.window.overloaded(begunAt, this.underWay, now);
      const rest = Math.min(outcome.retryAfter ?? 0, LONGEST_ASKED_PAUSE);
      this.restsUntil = Math.max(this.restsUntil, now + rest);
    }
    this.underWay -= 1;
    return this.breaker?.end(succeeded, isProbe, now) ?? null;
  }

  private apply(limits: Limits, now: number): void {
    this.limits = limits;
    const { rateLimit, breaker, bundle } = limits;
    if (rateLimit !== undefined)
      this.bucket ??= new TokenBucket(rateLimit.perSecond, rateLimit.burst, now);
    if (bundle !== undefined) this.gathering ??= new Gathering(bundle);
    if (breaker !== undefined) this.breaker ??= new CircuitBreaker(breaker);
  }
}
