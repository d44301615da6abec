import type { ClaimedEvent } from '../event.js';
import type { WebhookDestination } from './destination.js';
import { signatureOf } from './signer.js';
import { traceparentOf } from './writer-context.js';

/** Says that somebody asked for the event to be sent again: a receiver that remembers its id has seen it. */
export const REDELIVERY_HEADER = 'event-triggers-redelivery';
/** The name of the trigger, for receivers that route before they parse. */
export const NAME_HEADER = 'event-triggers-name';
/** Which attempt this is, from 1. */
const ATTEMPT_HEADER = 'event-triggers-attempt';

/** How many events a request has, where it may have several. */
const BUNDLE_HEADER = 'event-triggers-bundle';

const ID_HEADER = 'webhook-id';
const TIMESTAMP_HEADER = 'webhook-timestamp';
const SIGNATURE_HEADER = 'webhook-signature';

/** What only the sender sets. */
export const EVENT_HEADERS: readonly string[] = [
  REDELIVERY_HEADER,
  NAME_HEADER,
  ATTEMPT_HEADER,
  BUNDLE_HEADER,
  ID_HEADER,
  TIMESTAMP_HEADER,
  SIGNATURE_HEADER,
  'traceparent',
];

/** One request before it is sent. */
export interface Letter {
  readonly id: string;
  readonly body: string;
  /** When this attempt is made, in milliseconds since 1970. */
  readonly sentAt: number;
}

/** The headers of one request beside those of its trigger, names and values in turn. */
export function eventHeaders(
  { signers, format }: Pick<WebhookDestination, 'signers' | 'format'>,
  event: ClaimedEvent,
  letter: Letter,
): readonly string[] {
  const { trace, redelivered, attemptsBefore } = event;
  const headers = standardHeaders(signers, letter);
  headers.push(ATTEMPT_HEADER, String(attemptsBefore + 1));
  const traceparent = traceparentOf(trace);
  if (traceparent !== null) headers.push('traceparent', traceparent);
  if (redelivered) headers.push(REDELIVERY_HEADER, 'true');
  const own = format.headers(event, letter.id);
  return own.length === 0 ? headers : [...headers, ...own];
}

/** The same of a request with several events, whose bodies say the rest. */
export function bundleHeaders(
  { signers }: Pick<WebhookDestination, 'signers'>,
  events: readonly ClaimedEvent[],
  letter: Letter,
): readonly string[] {
  const headers = standardHeaders(signers, letter);
  headers.push(BUNDLE_HEADER, String(events.length));
  if (events.every(({ redelivered }) => redelivered)) headers.push(REDELIVERY_HEADER, 'true');
  return headers;
}

/** Those of Standard Webhooks, whose signature covers id, time of the attempt and body. */
function standardHeaders(
  signers: WebhookDestination['signers'],
  { id, body, sentAt }: Letter,
): string[] {
  const timestamp = String(Math.floor(sentAt / 1_000));
  const headers = [ID_HEADER, id, TIMESTAMP_HEADER, timestamp];
  const signature =
    signers.length === 0 ? null : signatureOf(signers, `${id}.${timestamp}.${body}`, sentAt);
  if (signature !== null) headers.push(SIGNATURE_HEADER, signature);
  return headers;
}
