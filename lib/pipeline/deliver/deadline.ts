/** The answer was not complete in time. */
export class DeadlineError extends Error {
  readonly code = 'ETIMEDOUT';

  constructor(timeout: number, phase: string) {
    super(`no complete answer within ${timeout} ms (${phase})`);
  }
}

/**
 * The total time of what runs through code of the host's, which need not heed any signal.
 *
 * The signal is made only for those who ask for it: making one costs more than the rest of a deadline.
 */
export class Deadline {
  /** Rejects when the time is over or the request is given up, and else never settles. */
  readonly passed: Promise<never>;
  private readonly end: number;
  private readonly timer: NodeJS.Timeout;
  private reject!: (reason: Error) => void;
  private reason: Error | null = null;
  private controller: AbortController | null = null;

  /** @param phase what the time is over in, for the message */
  constructor(timeout: number, phase: string) {
    this.end = performance.now() + timeout;
    this.passed = new Promise((_, reject) => {
      this.reject = reject;
    });
    // Whoever races against it hears of it; nobody else has to.
    this.passed.catch(() => undefined);
    this.timer = setTimeout(() => this.giveUp(new DeadlineError(timeout, phase)), timeout);
  }

  /** Whole milliseconds that are left, at least one. */
  remaining(): number {
    return Math.max(1, Math.floor(this.end - performance.now()));
  }

  signal(): AbortSignal {
    if (this.controller === null) {
      this.controller = new AbortController();
      if (this.reason !== null) this.controller.abort(this.reason);
    }
    return this.controller.signal;
  }

  giveUp(reason: Error): void {
    clearTimeout(this.timer);
    this.reason = reason;
    this.reject(reason);
    this.controller?.abort(reason);
  }

  /** The request is over. */
  clear(): void {
    clearTimeout(this.timer);
  }
}

/** What runs through code of the host's at the moment, so that all of it can be given up at once. */
export class Deadlines {
  private readonly underWay = new Set<Deadline>();

  /**
   * What `run` comes to.
   *
   * @param phase what the time is over in, for the message
   * @throws DeadlineError when it takes longer than `timeout` milliseconds
   */
  async within<Result>(
    timeout: number,
    phase: string,
    run: (deadline: Deadline) => Promise<Result>,
  ): Promise<Result> {
    const deadline = new Deadline(timeout, phase);
    this.underWay.add(deadline);
    try {
      return await Promise.race([run(deadline), deadline.passed]);
    } finally {
      this.underWay.delete(deadline);
      deadline.clear();
    }
  }

  /** Gives up what is under way. */
  abort(reason: Error): void {
    for (const deadline of this.underWay) deadline.giveUp(reason);
  }
}
