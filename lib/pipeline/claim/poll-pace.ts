/** How long after the last event a dispatcher still expects the next one at once. */
const STAYS_AWAKE_MS = 2_000;
/** In silence it asks this often, unless it is woken: two and a half queries a second that write nothing. */
const ASLEEP_MS = 400;

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

  /** Milliseconds since something was there. */
  quietFor(now: number): number {
    return now - this.lastEvent;
  }

  /** Whether nothing has been there for so long that nothing is expected at once. */
  isQuiet(now: number): boolean {
    return this.quietFor(now) > STAYS_AWAKE_MS;
  }

  /** Something was there. */
  awaken(now: number): void {
    this.lastEvent = now;
    this.pause = this.fastest;
  }

  /** Milliseconds to wait after a cycle. */
  next(now: number): number {
    if (this.isQuiet(now)) {
      this.pause = Math.min(Math.max(this.pause * 2, 1), Math.max(ASLEEP_MS, this.fastest));
    }
    return this.pause;
  }
}
