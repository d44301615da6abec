/** What an error carries beside its message. */
export interface ErrorDetails {
  /** What the reader can do about it, in one or two sentences. */
  readonly hint?: string;
  /** The error underneath, for example the one that Postgres raised. */
  readonly cause?: unknown;
}

/**
 * The base of every error this package throws on purpose.
 *
 * `code` is stable and meant for programs, `message` says what is wrong and where, `hint` says how to mend it.
 *
 * @example
 * try {
 *   await app.init();
 * } catch (error) {
 *   if (error instanceof EventTriggersError) console.error(error.code, error.message);
 *   throw error;
 * }
 */
export class EventTriggersError extends Error {
  /** Stable identifier such as `ET_INVALID_TRIGGER`. */
  readonly code: string;
  /** How to mend it; also the last line of `message`, because many loggers print nothing else. */
  readonly hint: string | undefined;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(
      details.hint === undefined ? message : `${message}\n  Fix: ${details.hint}`,
      // One that is undefined would be printed.
      details.cause === undefined ? undefined : { cause: details.cause },
    );
    this.name = new.target.name;
    this.code = code;
    this.hint = details.hint;
  }
}

/** Lines of a message, each an item of a list. */
export const asList = (items: readonly string[]): string =>
  items.map((item) => `\n  - ${item}`).join('');

/** An option of `forRoot` or `forFeature` is missing, malformed or contradicts another one. */
export class InvalidOptionsError extends EventTriggersError {
  constructor(message: string, details?: ErrorDetails) {
    super('ET_INVALID_OPTIONS', message, details);
  }
}

/** A trigger definition names something that does not exist or that Postgres refuses. */
export class InvalidTriggerError extends EventTriggersError {
  constructor(
    readonly trigger: string,
    problem: string,
    details?: ErrorDetails,
  ) {
    super('ET_INVALID_TRIGGER', `Event trigger "${trigger}": ${problem}`, details);
  }
}

/**
 * Thrown by a handler of `@OnEventTrigger`: no further attempt would end otherwise, and the event becomes a dead letter.
 *
 * @example
 * if (order === null) throw new EventRejectedError(`There is no order ${id}`);
 */
export class EventRejectedError extends EventTriggersError {
  constructor(message: string, details?: ErrorDetails) {
    super('ET_EVENT_REJECTED', message, details);
  }
}

/** A webhook URL or header asks for an environment variable that is not set. */
export class MissingEnvironmentVariableError extends EventTriggersError {
  constructor(
    readonly variable: string,
    where: string,
  ) {
    super(
      'ET_MISSING_ENVIRONMENT_VARIABLE',
      `${where} needs the environment variable ${variable}, which is not set`,
      {
        hint: `Set ${variable} before the application starts.`,
      },
    );
  }
}

/** The database, its schema or its history is not one that this version can work on. */
export class SchemaError extends EventTriggersError {
  constructor(message: string, details?: ErrorDetails) {
    super('ET_SCHEMA', message, details);
  }
}

/** A table stayed locked for so long that a capture trigger could not be created on it. */
export class TableLockedError extends EventTriggersError {
  constructor(message: string, details?: ErrorDetails) {
    super('ET_TABLE_LOCKED', message, details);
  }
}
