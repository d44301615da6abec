import type { IncomingHttpHeaders } from 'node:http';
import type { StatusOutcome, StatusRules } from '../attach/stored-trigger.js';
import { EventRejectedError } from '../../event-triggers.errors.js';
import { FORBIDDEN_ADDRESS } from './address-rules.js';
import type { HttpAnswer } from './http-exchange.js';
import { networkErrorOf } from './network-error.js';
import { retryAfterOf } from './retry-after.js';
import { isStatusOutcome, outcomeOfStatus } from './status-policy.js';

/** What an attempt came to, in a form that can be written down. */
export interface Outcome {
  /** `rejected`: another attempt would end the same way. `gone`: that holds for every event of its trigger. */
  readonly kind: StatusOutcome;
  /** Null where no answer came. */
  readonly status: number | null;
  /** Why nothing was delivered, or no request was made. */
  readonly error: { readonly code: string; readonly message: string } | null;
  /** The pause that the receiver asked for, in milliseconds. */
  readonly retryAfter: number | null;
  /** A JSON object as text. */
  readonly responseHeaders: string | null;
  readonly responseBody: string | null;
  /** Milliseconds from the start of the attempt to its end. */
  readonly duration: number;
}

/** Longer headers and messages are cut: they are the receiver's to choose, and the log is ours. */
const MOST_HEADER_CHARACTERS = 8_192;
const MOST_MESSAGE_CHARACTERS = 1_024;
/** Where a receiver says itself what an attempt comes to, whatever its status. */
export const OUTCOME_HEADER = 'event-triggers-outcome';
/** What a person needs to see what went wrong, without the log growing by whole pages of HTML. */
export const EXCERPT_BYTES = 2_048;

/** An answer came. What its status means is for the trigger to say; no redirect is followed. */
export function answered(
  { status, headers, body }: HttpAnswer,
  duration: number,
  now: number,
  statuses: StatusRules = {},
): Outcome {
  const said = headers[OUTCOME_HEADER];
  const kind = isStatusOutcome(said) ? said : outcomeOfStatus(status, statuses);
  const delivered = kind === 'delivered';
  return {
    kind,
    status,
    error: delivered ? null : { code: `HTTP_${status}`, message: refusal(status, headers) },
    retryAfter: delivered ? null : retryAfterOf(headers['retry-after'], headers.date, now),
    responseHeaders: headersText(headers),
    responseBody: body.toString('utf8', 0, EXCERPT_BYTES),
    duration,
  };
}

/** No answer came, or none in time. */
export function unanswered(error: unknown, origin: string, duration: number): Outcome {
  const { code, message } = networkErrorOf(error, origin);
  // Another attempt would lead to the same place: a name that changes it in between is not to be trusted either.
  const kind = code === FORBIDDEN_ADDRESS ? 'rejected' : 'retry';
  return { ...NO_ANSWER, kind, error: { code, message: cut(message) }, duration };
}

/** A success that may name events which failed, behind the end of what was read. */
export function unread(success: Outcome, most: number): Outcome {
  const message = `The answer says of which events they failed in more than ${most} bytes`;
  return { ...success, kind: 'retry', error: { code: 'ANSWER_TOO_LONG', message } };
}

/** A handler in this process has handled it. */
export function handled(duration: number): Outcome {
  return { ...NO_ANSWER, kind: 'delivered', error: null, duration };
}

/** The application's transform wanted no request. */
export function skipped(duration: number): Outcome {
  return {
    ...NO_ANSWER,
    kind: 'delivered',
    error: { code: 'SKIPPED', message: 'Its transform skipped it' },
    duration,
  };
}

/** Code of the application threw, or took too long. */
export function unhandled(error: unknown, duration: number): Outcome {
  const { message } = asError(error);
  return {
    ...NO_ANSWER,
    kind: error instanceof EventRejectedError ? 'rejected' : 'retry',
    error: { code: codeOf(error), message: cut(message) },
    duration,
  };
}

/** No request can be made of the event, today or later. */
export function undeliverable(error: unknown, duration: number): Outcome {
  const { message } = asError(error);
  return {
    ...NO_ANSWER,
    kind: 'rejected',
    error: { code: 'UNDELIVERABLE', message: cut(message) },
    duration,
  };
}

/** The body is larger than the trigger allows, today and later. */
export function tooLarge(bytes: number, most: number, duration: number): Outcome {
  const message = `The body has ${bytes} bytes, and maxBodyBytes is ${most}: leave columns out with payload`;
  return { ...NO_ANSWER, kind: 'rejected', error: { code: 'BODY_TOO_LARGE', message }, duration };
}

const asError = (error: unknown): Error =>
  error instanceof Error ? error : new Error(String(error));

/** Its code where it has one, else the name of its class. */
function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return cut(typeof code === 'string' && code !== '' ? code : asError(error).name);
}

const NO_ANSWER = {
  status: null,
  retryAfter: null,
  responseHeaders: null,
  responseBody: null,
} as const;

function refusal(status: number, headers: IncomingHttpHeaders): string {
  const { location } = headers;
  if (status >= 300 && status < 400 && location !== undefined) {
    return `The redirect to ${cut(String(location))} was not followed: name the new URL as the webhook`;
  }
  return `The receiver answered ${status}`;
}

const cut = (text: string): string =>
  text.length <= MOST_MESSAGE_CHARACTERS ? text : `${text.slice(0, MOST_MESSAGE_CHARACTERS)}…`;

let lastHeaders: IncomingHttpHeaders = {};
let lastHeadersText = '{}';

/** Most answers have the headers of the one before: their text need not be made again, and is found by its hash. */
function headersText(headers: IncomingHttpHeaders): string {
  if (areAlike(headers, lastHeaders)) return lastHeadersText;
  const text = JSON.stringify(headers);
  lastHeaders = headers;
  lastHeadersText =
    text.length <= MOST_HEADER_CHARACTERS ? text : JSON.stringify(shortest(headers));
  return lastHeadersText;
}

/** A header that came twice is a list, and unlike any other. */
function areAlike(one: IncomingHttpHeaders, other: IncomingHttpHeaders): boolean {
  const names = Object.keys(one);
  if (names.length !== Object.keys(other).length) return false;
  return names.every((name) => one[name] === other[name]);
}

/** As many as fit, the short ones first: one that is huge should not cost the others. */
function shortest(headers: IncomingHttpHeaders): Record<string, unknown> {
  const entries = Object.entries(headers).map(
    ([name, value]) => [name, value, JSON.stringify([name, value]).length] as const,
  );
  const kept: Record<string, unknown> = { 'event-triggers-cut': 'true' };
  let room = MOST_HEADER_CHARACTERS - JSON.stringify(kept).length;
  for (const [name, value, length] of entries.sort((one, other) => one[2] - other[2])) {
    room -= length;
    if (room < 0) break;
    kept[name] = value;
  }
  return kept;
}
