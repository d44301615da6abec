import type { ClaimedEvent } from '../event.js';
import type { WebhookDestination } from './destination.js';
import { timestampOf, type Letter, type SignedContent } from './letter.js';
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

/** For whoever shows a request without sending it. */
export const EVENT_HEADER_NAMES = {
  attempt: ATTEMPT_HEADER,
  id: ID_HEADER,
  redelivery: REDELIVERY_HEADER,
  signature: SIGNATURE_HEADER,
  timestamp: TIMESTAMP_HEADER,
} as const;

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

/**
 * The headers of one request beside those of its trigger, names and values in turn.
 *
 * @param content null where it goes out unsigned
 * @param traced those of the attempt's own span, in turn; null where the writer's trace goes on as it is
 */
export function eventHeaders(
  { signers, format }: Pick<WebhookDestination, 'signers' | 'format'>,
  event: ClaimedEvent,
  letter: Letter,
  content: SignedContent | null,
  traced: readonly string[] | null,
): readonly string[] {
  const { trace, redelivered, attemptsBefore } = event;
  const headers = standardHeaders(signers, letter, content);
  headers.push(ATTEMPT_HEADER, String(attemptsBefore + 1));
  const traceparent = traced === null ? traceparentOf(trace) : null;
  if (traceparent !== null) headers.push('traceparent', traceparent);
  if (traced !== null) headers.push(...traced);
  if (redelivered) headers.push(REDELIVERY_HEADER, 'true');
  const own = format.headers(event, letter.id);
  return own.length === 0 ? headers : [...headers, ...own];
}

/** The same of a request with several events, whose bodies say the rest. */
export function bundleHeaders(
  { signers }: Pick<WebhookDestination, 'signers'>,
  events: readonly ClaimedEvent[],
  letter: Letter,
  content: SignedContent | null,
  traced: readonly string[] | null,
): readonly string[] {
  const headers = standardHeaders(signers, letter, content);
  headers.push(BUNDLE_HEADER, String(events.length));
  if (traced !== null) headers.push(...traced);
  if (events.every(({ redelivered }) => redelivered)) headers.push(REDELIVERY_HEADER, 'true');
  return headers;
}

/** Those of Standard Webhooks. */
function standardHeaders(
  signers: WebhookDestination['signers'],
  letter: Letter,
  content: SignedContent | null,
): string[] {
  const headers = [ID_HEADER, letter.id, TIMESTAMP_HEADER, timestampOf(letter)];
  const signature = content === null ? null : signatureOf(signers, content, letter.sentAt);
  if (signature !== null) headers.push(SIGNATURE_HEADER, signature);
  return headers;
}
