import type { IncomingHttpHeaders } from 'node:http';
import type { HttpAnswer } from './http-exchange.js';
import { networkErrorOf } from './network-error.js';
import { retryAfterOf } from './retry-after.js';

/** What an attempt came to, in a form that can be written down. */
export interface Outcome {
  /** `rejected`: another attempt would end the same way. */
  readonly kind: 'delivered' | 'retry' | 'rejected';
  /** Null where no answer came. */
  readonly status: number | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  /** The pause that the receiver asked for, in milliseconds. */
  readonly retryAfter: number | null;
  /** A JSON object as text. */
  readonly responseHeaders: string | null;
  readonly responseBody: string | null;
  /** Milliseconds from the start of the attempt to its end. */
  readonly duration: number;
}

/** Longer headers are cut: they are the receiver's to choose, and the log is ours. */
const MOST_HEADER_CHARACTERS = 8_192;

/** An answer came. Status 2xx is success, everything else is not; no redirect is followed. */
export function answered(
  { status, headers, body }: HttpAnswer,
  duration: number,
  now: number,
): Outcome {
  const delivered = status >= 200 && status < 300;
  return {
    kind: delivered ? 'delivered' : 'retry',
    status,
    error: delivered ? null : { code: `HTTP_${status}`, message: refusal(status, headers) },
    retryAfter: delivered ? null : retryAfterOf(headers['retry-after'], headers.date, now),
    responseHeaders: headersText(headers),
    responseBody: body.toString('utf8'),
    duration,
  };
}

/** No answer came, or none in time. */
export function unanswered(error: unknown, origin: string, duration: number): Outcome {
  return { ...NO_ANSWER, kind: 'retry', error: networkErrorOf(error, origin), duration };
}

/** No request can be made of the event, today or later. */
export function undeliverable(error: unknown, duration: number): Outcome {
  const message = error instanceof Error ? error.message : String(error);
  return {
    ...NO_ANSWER,
    kind: 'rejected',
    error: { code: 'UNDELIVERABLE', message: message },
    duration,
  };
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
    return `The redirect to ${location} was not followed: name the new URL as the webhook`;
  }
  return `The receiver answered ${status}`;
}

function headersText(headers: IncomingHttpHeaders): string {
  const text = JSON.stringify(headers);
  if (text.length <= MOST_HEADER_CHARACTERS) return text;
  const kept: Record<string, unknown> = { 'event-triggers-cut': 'true' };
  let size = 0;
  for (const [name, value] of Object.entries(headers)) {
    size += name.length + String(value).length;
    if (size > MOST_HEADER_CHARACTERS / 2) break;
    kept[name] = value;
  }
  return JSON.stringify(kept);
}
