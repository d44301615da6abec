import type { StoredBundle } from '../attach/stored-trigger.js';

/** Lets the events of a trigger come together, so that they go out in one request. Times are of a monotonic clock. */
export class Gathering {
  private since: number | null = null;

  constructor(private readonly bundle: StoredBundle) {}

  /** Milliseconds until what waits is to be sent: 0 when it fills a request, or has waited as long as it may. */
  opensIn(waiting: number, now: number): number {
    this.since ??= now;
    return waiting >= this.bundle.size ? 0 : Math.max(0, this.since + this.bundle.within - now);
  }

  /** A request goes out; what is left begins to wait, whenever it came. */
  sent(): void {
    this.since = null;
  }
}
