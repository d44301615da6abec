/**
 * What is asked of a database that may be slow: answered in time, or not at all.
 *
 * What must hold: one question at a time. What is given up goes on in the application's pool, and asking again would
 * occupy one connection of it after the other.
 */
export class TimedRead<Answer> {
  private pending: Promise<Answer> | null = null;

  /** @param within milliseconds */
  constructor(
    private readonly read: () => Promise<Answer>,
    private readonly within: number,
  ) {}

  /** Rejects as `read` does, and when the time is over. Whoever asks while a question is on gets its answer. */
  async answer(): Promise<Answer> {
    this.pending ??= this.read().finally(() => {
      this.pending = null;
    });
    let deadline: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      deadline = setTimeout(
        () => reject(new Error(`the database did not answer within ${this.within} ms`)),
        this.within,
      );
    });
    try {
      return await Promise.race([this.pending, late]);
    } finally {
      clearTimeout(deadline);
    }
  }
}
