import type { Outcome } from './outcome.js';

const TOO_MANY_REQUESTS = 429;
const UNAVAILABLE = 503;

/**
 * Whether a destination says that it gets too much. A 503 says so where it names a time to come back; without one it is
 * what proxies answer for whatever fails behind them, and a few of those must not slow all others down.
 */
export const isOverload = ({
  status,
  retryAfter,
}: Pick<Outcome, 'status' | 'retryAfter'>): boolean =>
  status === TOO_MANY_REQUESTS || (status === UNAVAILABLE && retryAfter !== null);

/**
 * How many attempts at a time a destination can take, found out by trying: half as many after an answer that says it
 * is overloaded, and one more for each round of successes.
 *
 * Additive increase, multiplicative decrease, as TCP does it (RFC 5681 §3.1). Times are milliseconds of a monotonic
 * clock.
 */
export class CongestionWindow {
  private size: number;
  private reducedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly most: number) {
    this.size = most;
  }

  /** Attempts that may be under way. */
  get limit(): number {
    return Math.max(1, Math.floor(this.size));
  }

  /**
   * @param begunAt of the attempt: one that was under way when the window was halved says nothing new
   * @param underWay attempts, this one included
   */
  overloaded(begunAt: number, underWay: number, now: number): void {
    if (begunAt < this.reducedAt) return;
    this.size = Math.max(1, Math.min(this.size, underWay) / 2);
    this.reducedAt = now;
  }

  succeeded(): void {
    this.size = Math.min(this.most, this.size + 1 / this.size);
  }
}
