import { CommanderError } from 'commander';
import { EventTriggersError } from '../event-triggers.errors.js';
import type { Terminal } from './terminal.js';

/** What a shell is told. */
export const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What was asked for cannot be meant: the shell is told so with its own code. */
export class UsageError extends EventTriggersError {
  constructor(message: string, hint?: string) {
    super('ET_USAGE', message, { hint });
  }
}

/** Ctrl-C where somebody was asked. */
export class Interruption extends Error {}

/** An error as it is told. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
}

/** SQLSTATEs that mean something here, by what they begin with. */
const SQL_FAILURES: readonly (readonly [state: string, code: string, hint: string])[] = [
  ['42P01', 'ET_SCHEMA', 'Is it installed here? Name another --schema, or run "apply" first.'],
  ['3F000', 'ET_SCHEMA', 'Is it installed here? Name another --schema, or run "apply" first.'],
  ['42883', 'ET_SCHEMA', 'The schema is older than this version: run "apply" first.'],
  ['42501', 'ET_NOT_PERMITTED', 'Take another role; "plan --role" prints what a role needs.'],
  ['28', 'ET_NO_CONNECTION', 'Look at the user and the password of the URL.'],
  ['3D000', 'ET_NO_CONNECTION', 'Look at the name of the database in the URL.'],
];
const NETWORK_FAILURE = /^(E[A-Z]+|SELF_SIGNED.*|DEPTH_ZERO.*|UNABLE_TO.*)$/;

/** What an error says, with the fix where one is known. */
export function failureOf(error: unknown): Failure {
  if (error instanceof EventTriggersError) {
    const hint = error.hint ?? null;
    const message = error.message.replace(`\n  Fix: ${hint}`, '');
    return { code: error.code, message, hint };
  }
  const { code, message, hint } = error as { code?: unknown; message?: string; hint?: string };
  const text = message === undefined || message === '' ? String(code ?? error) : message;
  const state = typeof code === 'string' ? code : '';
  const known = SQL_FAILURES.find(([beginning]) => state.startsWith(beginning));
  if (known !== undefined) return { code: known[1], message: text, hint: known[2] };
  if (NETWORK_FAILURE.test(state)) {
    const fix = 'Look at host and port of the URL, and whether the server runs.';
    return { code: 'ET_NO_CONNECTION', message: text, hint: fix };
  }
  return { code: state === '' ? 'ET_FAILED' : state, message: text, hint: hint ?? null };
}

/** Tells an error, and returns what the shell is told. */
export function exitCodeOf(error: unknown, terminal: Terminal): ExitCode {
  // Help and version end like this too; what there is to say was said.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (error instanceof Interruption) return EXIT.interrupted;
  terminal.fail(failureOf(error));
  return error instanceof UsageError ? EXIT.usage : EXIT.failed;
}
