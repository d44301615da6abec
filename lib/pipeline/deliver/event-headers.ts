import type { ClaimedEvent } from '../event.js';
import type { WebhookDestination } from './destination.js';
import { signatureOf } from './signer.js';
import { traceparentOf } from './writer-context.js';

/** Says that somebody asked for the event to be sent again: a receiver that remembers its id has seen it. */
const REDELIVERY_HEADER = 'event-triggers-redelivery';
/** The name of the trigger, for receivers that route before they parse. */
export const NAME_HEADER = 'event-triggers-name';
/** Which attempt this is, from 1. */
const ATTEMPT_HEADER = 'event-triggers-attempt';

const ID_HEADER = 'webhook-id';
const TIMESTAMP_HEADER = 'webhook-timestamp';
const SIGNATURE_HEADER = 'webhook-signature';

/** What only the sender sets. */
export const EVENT_HEADERS: readonly string[] = [
  REDELIVERY_HEADER,
  NAME_HEADER,
  ATTEMPT_HEADER,
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

/**
 * The headers of one request beside those of its trigger, names and values in turn: those of Standard Webhooks, whose
 * signature covers id, time of the attempt and body, our own, and those of the format.
 */
export function eventHeaders(
  { signers, format }: Pick<WebhookDestination, 'signers' | 'format'>,
  event: ClaimedEvent,
  { id, body, sentAt }: Letter,
): readonly string[] {
  const { trace, redelivered, attemptsBefore } = event;
  const timestamp = String(Math.floor(sentAt / 1_000));
  const headers = [
    ID_HEADER,
    id,
    TIMESTAMP_HEADER,
    timestamp,
    ATTEMPT_HEADER,
    String(attemptsBefore + 1),
  ];
  const signature =
    signers.length === 0 ? null : signatureOf(signers, `${id}.${timestamp}.${body}`, sentAt);
  if (signature !== null) headers.push(SIGNATURE_HEADER, signature);
  const traceparent = traceparentOf(trace);
  if (traceparent !== null) headers.push('traceparent', traceparent);
  if (redelivered) headers.push(REDELIVERY_HEADER, 'true');
  const own = format.headers(event, id);
  return own.length === 0 ? headers : [...headers, ...own];
}
