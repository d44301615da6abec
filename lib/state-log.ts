/** Every kind of line that is logged. The name is for machines, and stays when the sentence changes. */
type StateCode =
  | 'batches-taken-over'
  | 'breaker-closed'
  | 'breaker-opened'
  | 'capture-drifted'
  | 'capture-paused'
  | 'capture-resumed'
  | 'capture-stopped'
  | 'capture-unwatched'
  | 'dead-letter-listener-failed'
  | 'dead-letters'
  | 'delivery-failing'
  | 'delivery-paused'
  | 'delivery-recovered'
  | 'delivery-resumed'
  | 'delivery-stopped'
  | 'dispatcher-able'
  | 'dispatcher-unable'
  | 'events-not-handed-back'
  | 'handlers-missing'
  | 'inbox-not-kept'
  | 'lease-lost'
  | 'listening'
  | 'log-held'
  | 'log-reached'
  | 'log-unreachable'
  | 'logs-not-kept'
  | 'metrics-read'
  | 'metrics-unread'
  | 'polling'
  | 'stream-halted'
  | 'trigger-changed'
  | 'trigger-deleted'
  | 'trigger-unresolved'
  | 'trigger-warning'
  | 'triggers-attached'
  | 'triggers-removed'
  | 'upkeep-skipped'
  | 'webhooks-refused';

/** What a line is about: never a payload, a header or a secret. */
export interface State {
  readonly code: StateCode;
  /** Its name. */
  readonly trigger?: string;
  readonly application?: string;
  /** How many, where it is about more than one. */
  readonly count?: number;
  /** What went wrong, as `errorCode` gives it. */
  readonly error?: string | undefined;
}

/** What can be logged to: Nest's `Logger` is one. */
export interface LineLog {
  log(line: string): void;
  warn(line: string): void;
  error(line: string): void;
}

/**
 * One line for each change of state: a sentence for people, and behind it what a machine looks for, as `name=value`.
 * That form stays on the line with every logger and in every version of Nest, where an object beside the sentence
 * becomes a line of its own with some.
 */
export class StateLog {
  constructor(private readonly lines: LineLog) {}

  log(sentence: string, state: State): void {
    this.lines.log(lineOf(sentence, state));
  }

  warn(sentence: string, state: State): void {
    this.lines.warn(lineOf(sentence, state));
  }

  error(sentence: string, state: State): void {
    this.lines.error(lineOf(sentence, state));
  }
}

/** The whole line. Lists in the sentence are drawn together: what has several lines is several entries for a machine. */
export function lineOf(sentence: string, state: State): string {
  const fields = Object.entries(state)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${fieldOf(String(value))}`);
  return `${sentence.replaceAll(/\s*\n\s*/g, ' ')} (${fields.join(' ')})`;
}

/** The sentence alone, for who reads it. */
export const sentenceOf = (line: string): string => line.replace(/(.*) \(code=.*\)$/s, '$1');

/**
 * What a line says of an error, which may be the application's: its code or the name of its class. Its message may be made
 * of a row, and so may what is no name.
 */
export function errorCode(error: unknown): string | undefined {
  const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown };
  return [code, name].find((word) => typeof word === 'string' && NAME.test(word)) as
    string | undefined;
}

const NAME = /^\w[\w.-]{0,63}$/;

/** As logfmt quotes a value that holds something else than one word. */
const fieldOf = (value: string): string =>
  /^[^\s"=()]+$/.test(value) ? value : JSON.stringify(value);
