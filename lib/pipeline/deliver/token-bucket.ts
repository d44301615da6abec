const SECOND = 1_000;

/**
 * So many a second, and so many at once after a pause.
 *
 * It fills by the clock that is handed in, in milliseconds, so that a rate of one in a minute is as exact as
 * one of thousands in a second (the token bucket of RFC 2697, section 3, with one colour).
 */
export class TokenBucket {
  private tokens: number;
  private filledAt: number;

  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
    now: number,
  ) {
    this.tokens = burst;
    this.filledAt = now;
  }

  take(now: number): void {
    this.fill(now);
    this.tokens -= 1;
  }

  /** Milliseconds until one can be taken; 0 when there is one. */
  opensIn(now: number): number {
    this.fill(now);
    // A hair less than one is a rounding error, not a reason to wait for a timer that would come as early.
    return this.tokens >= 1 - 1e-9 ? 0 : ((1 - this.tokens) / this.perSecond) * SECOND;
  }

  private fill(now: number): void {
    this.tokens = Math.min(
      this.burst,
      this.tokens + ((now - this.filledAt) / SECOND) * this.perSecond,
    );
    this.filledAt = now;
  }
}
