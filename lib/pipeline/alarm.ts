/** A wait that can be cut short: by an attempt that frees a slot, a group that is full, a shutdown. */
export class Alarm {
  private wake: (() => void) | null = null;
  private timer: NodeJS.Timeout | undefined;
  private endsAt = 0;
  private rung = false;

  /** Ends the wait that is on, or the next one at once. */
  ring(): void {
    this.rung = true;
    this.wake?.();
  }

  /** Ends the wait that is on after so many milliseconds, unless it ends earlier. */
  ringWithin(milliseconds: number): void {
    const { wake } = this;
    if (wake === null || performance.now() + milliseconds >= this.endsAt) return;
    clearTimeout(this.timer);
    this.wakeAfter(milliseconds, wake);
  }

  /** Resolves after `milliseconds` or at the next `ring`. */
  async wait(milliseconds: number): Promise<void> {
    if (!this.rung && milliseconds > 0) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        this.wakeAfter(milliseconds, resolve);
      });
      clearTimeout(this.timer);
    }
    this.wake = null;
    this.rung = false;
  }

  private wakeAfter(milliseconds: number, wake: () => void): void {
    this.endsAt = performance.now() + milliseconds;
    this.timer = setTimeout(wake, milliseconds);
  }
}
