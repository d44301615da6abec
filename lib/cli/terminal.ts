import { createInterface } from 'node:readline/promises';
import { Interruption, type Failure } from './failure.js';
import type { Severity } from './finding.js';
import { tableOf, type Column } from './table.js';

export interface TerminalOptions {
  readonly json: boolean;
  readonly quiet: boolean;
}

const RED = 31;
const GREEN = 32;
const YELLOW = 33;
const COLOURS: Readonly<Record<Severity, number>> = { ok: GREEN, warning: YELLOW, problem: RED };

/** Where a command writes to: its result on stdout, all else on stderr. */
export class Terminal {
  constructor(private readonly options: TerminalOptions) {}

  /** Whether somebody can be asked. */
  get isInteractive(): boolean {
    return process.stdin.isTTY && process.stderr.isTTY;
  }

  get isQuiet(): boolean {
    return this.options.quiet;
  }

  /** The result: as JSON, or as it is read by people. */
  result(value: unknown, asText: () => string): void {
    const text = this.options.json ? JSON.stringify(value, null, 2) : asText();
    if (text !== '') process.stdout.write(`${text}\n`);
  }

  /** The same for what is done and has nothing to look at. */
  done(value: unknown, sentence: string): void {
    if (this.options.json) this.result(value, () => '');
    else this.note(sentence);
  }

  table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
    return tableOf(columns, rows, isColoured(process.stdout));
  }

  /** A part of a result, in the colour of how well things are. */
  marked(severity: Severity, text: string): string {
    return coloured(COLOURS[severity], text, process.stdout);
  }

  /** What is good to know, and no result. */
  note(text: string): void {
    if (!this.options.quiet) process.stderr.write(`${text}\n`);
  }

  warn(text: string): void {
    process.stderr.write(`${coloured(YELLOW, 'warning:')} ${text}\n`);
  }

  fail({ code, message, hint }: Failure): void {
    if (this.options.json) {
      process.stderr.write(`${JSON.stringify({ error: { code, message, hint } })}\n`);
      return;
    }
    const fix = hint === null ? '' : `\n  Fix: ${hint}`;
    process.stderr.write(`${coloured(RED, 'error')} ${code}: ${message}${fix}\n`);
  }

  /** Waits for a yes; anything else is a no, also the end of the input. Throws an `Interruption` on Ctrl-C. */
  async confirm(question: string): Promise<boolean> {
    const prompt = createInterface({ input: process.stdin, output: process.stderr });
    const ended = new Promise<string>((answer, interrupted) => {
      prompt.once('SIGINT', () => interrupted(new Interruption('Ctrl-C')));
      prompt.once('close', () => answer(''));
    });
    try {
      const answer = await Promise.race([prompt.question(`${question} [y/N] `), ended]);
      return /^y(es)?$/i.test(answer.trim());
    } finally {
      prompt.close();
    }
  }
}

function coloured(
  colour: number,
  text: string,
  stream: NodeJS.WriteStream = process.stderr,
): string {
  return isColoured(stream) ? `\u001b[${colour}m${text}\u001b[0m` : text;
}

/** https://no-color.org: any value but an empty one. */
function isColoured(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && (process.env['NO_COLOR'] ?? '') === '';
}
