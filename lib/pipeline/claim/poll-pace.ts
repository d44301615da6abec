/** How long after the last event a dispatcher still expects the next one at once. */
const STAYS_AWAKE_MS = 2_000;
/** Asleep it asks this often: ten queries a second that write nothing, and at most so much latency. */
const ASLEEP_MS = 100;

/**
 * How long to wait before asking again.
 *
 * Full speed while events come; after a while of silence the pause doubles, so that an idle application
 * costs its database next to nothing.
 */
export class PollPace {
  private lastEvent: number;
  private pause: number;

  constructor(
    private readonly fastest: number,
    now: number,
  ) {
    this.lastEvent = now;
    this.pause = fastest;
  }

  /** Something was there. */
  awaken(now: number): void {
    this.lastEvent = now;
    this.pause = this.fastest;
  }

  /** Milliseconds to wait after a cycle. */
  next(now: number): number {
    if (now - this.lastEvent > STAYS_AWAKE_MS) {
      this.pause = Math.min(Math.max(this.pause * 2, 1), Math.max(ASLEEP_MS, this.fastest));
    }
    return this.pause;
  }
}
