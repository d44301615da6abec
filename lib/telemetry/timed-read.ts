/** A connection that fell silent may never answer: after so many times what a question may take, another one is asked. */
const ASKED_AGAIN_AFTER = 10;

interface Question<Answer> {
  readonly answer: Promise<Answer>;
  readonly askedAt: number;
}

/**
 * What is asked of a database that may be slow: answered in time, or not at all.
 *
 * What must hold: hardly ever more than one question at a time. What is given up goes on in the application's pool, and
 * asking again at once would occupy one connection of it after the other.
 */
export class TimedRead<Answer> {
  private pending: Question<Answer> | null = null;

  /** @param within milliseconds */
  constructor(
    private readonly read: () => Promise<Answer>,
    private readonly within: number,
  ) {}

  /** Rejects as `read` does, and when the time is over. Whoever asks while a question is on gets its answer. */
  async answer(): Promise<Answer> {
    const { answer } = this.question();
    let deadline: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      deadline = setTimeout(
        () => reject(new Error(`the database did not answer within ${this.within} ms`)),
        this.within,
      );
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(deadline);
    }
  }

  private question(): Question<Answer> {
    const { pending } = this;
    if (pending !== null && now() - pending.askedAt < this.within * ASKED_AGAIN_AFTER)
      return pending;
    const question = { answer: this.read(), askedAt: now() };
    const end = (): void => {
      if (this.pending === question) this.pending = null;
    };
    question.answer.then(end, end);
    this.pending = question;
    return question;
  }
}

const now = (): number => performance.now();
