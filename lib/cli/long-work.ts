import { EXIT, type ExitCode } from './failure.js';
import type { Terminal } from './terminal.js';
import { counted } from './wording.js';

/** Between two lines of progress where nobody looks at a terminal: a log should not fill with them. */
const LINE_EVERY_MS = 5_000;
/** On a terminal the line is written anew, as often as an eye can follow. */
const REDRAWN_EVERY_MS = 100;
const CLEAR_LINE = '\r\u001b[K';

/** What a piece of work that takes long is handed. */
export interface LongWork {
  /** Aborted by Ctrl-C: the part under way ends. */
  readonly signal: AbortSignal;
  readonly onProgress: (done: number) => void;
}

/**
 * Runs work that may take long: tells how far it is, and ends it after the part under way when Ctrl-C says so.
 *
 * @param verb what is done to the events: `redelivered`
 * @returns what it came to, and what the shell is told
 */
export async function longWork<Result>(
  terminal: Terminal,
  verb: string,
  total: number,
  work: (long: LongWork) => Promise<Result>,
): Promise<{ result: Result; code: ExitCode }> {
  const abort = new AbortController();
  const progress = new Progress(terminal, verb, total);
  const interrupt = (): void => {
    // A second one ends the process as ever.
    process.removeListener('SIGINT', interrupt);
    abort.abort();
    terminal.note('\nending after the part under way');
  };
  process.on('SIGINT', interrupt);
  try {
    const result = await work({
      signal: abort.signal,
      onProgress: (done) => progress.tell(done),
    });
    return { result, code: abort.signal.aborted ? EXIT.interrupted : EXIT.done };
  } finally {
    progress.end();
    process.removeListener('SIGINT', interrupt);
  }
}

class Progress {
  private readonly isDrawn: boolean;
  private toldAt = performance.now();
  private hasLine = false;

  constructor(
    private readonly terminal: Terminal,
    private readonly verb: string,
    private readonly total: number,
  ) {
    this.isDrawn = process.stderr.isTTY && !terminal.isQuiet;
  }

  tell(done: number): void {
    const now = performance.now();
    if (now - this.toldAt < (this.isDrawn ? REDRAWN_EVERY_MS : LINE_EVERY_MS)) return;
    this.toldAt = now;
    const text = `${this.verb} ${done.toLocaleString('en')} of ${counted(this.total, 'event')}`;
    if (this.isDrawn) process.stderr.write(`${CLEAR_LINE}${text}`);
    else this.terminal.note(text);
    this.hasLine = this.isDrawn;
  }

  end(): void {
    if (this.hasLine) process.stderr.write(CLEAR_LINE);
  }
}
