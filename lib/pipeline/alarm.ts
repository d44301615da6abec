/** A wait that can be cut short: by an attempt that frees a slot, a group that is full, a shutdown. */
export class Alarm {
  private wake: (() => void) | null = null;
  private rung = false;

  /** Ends the wait that is on, or the next one at once. */
  ring(): void {
    this.rung = true;
    this.wake?.();
  }

  /** Resolves after `milliseconds` or at the next `ring`. */
  async wait(milliseconds: number): Promise<void> {
    if (!this.rung && milliseconds > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.wake = null;
    this.rung = false;
  }
}
