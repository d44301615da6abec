/**
 * Work that is asked for more often than it can be done: one at a time, and once more after it when somebody has asked
 * meanwhile. So what is shown is never older than the last question, and slow work still comes to an end.
 */
export class Repetition {
  private readonly ending = new AbortController();
  private isBusy = false;
  private isAsked = false;

  /** @param work does not reject */
  constructor(private readonly work: (signal: AbortSignal) => Promise<void>) {}

  ask(): void {
    this.isAsked = true;
    if (!this.isBusy) void this.carryOut();
  }

  /** Nothing begins after it, and what is under way is told. */
  end(): void {
    this.ending.abort();
  }

  private async carryOut(): Promise<void> {
    this.isBusy = true;
    // Questions of the same moment are one.
    await Promise.resolve();
    while (this.isAsked && !this.ending.signal.aborted) {
      this.isAsked = false;
      await this.work(this.ending.signal);
    }
    this.isBusy = false;
  }
}
