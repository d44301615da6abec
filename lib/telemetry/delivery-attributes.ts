import type { Attributes } from '@opentelemetry/api';
import type { Destination } from '../pipeline/deliver/destination.js';
import { eventId } from '../pipeline/deliver/event-id.js';
import type { Outcome } from '../pipeline/deliver/outcome.js';
import type { ClaimedEvent } from '../pipeline/event.js';
import { errorCode } from '../state-log.js';
import { queueTime } from './queue-time.js';

const HTTP_PORT = 80;
const HTTPS_PORT = 443;

/**
 * What a span says of an attempt when it begins, by the semantic conventions for HTTP clients and for messaging where
 * they have a name for it (https://opentelemetry.io/docs/specs/semconv/). Nothing of a row, of a URL's path or of a
 * header is among it: traces are read by more people than the database.
 */
export function attemptAttributes(
  destination: Destination,
  events: readonly ClaimedEvent[],
  now: number,
): Attributes {
  const { trigger } = destination;
  const way = 'handle' in destination ? HANDLED : requestAttributes(destination.origin);
  const [event, ...others] = events;
  const own = { ...way, 'event_triggers.trigger': trigger };
  if (event === undefined || others.length > 0)
    return { ...own, 'messaging.batch.message_count': events.length };
  const id = eventId(destination.installation, event);
  const waited = queueTime(event, now);
  return {
    ...own,
    ...('handle' in destination && {
      'messaging.destination.name': trigger,
      'messaging.message.id': id,
    }),
    'event_triggers.event.id': id,
    'event_triggers.attempt': event.attemptsBefore + 1,
    ...(waited !== null && { 'event_triggers.queue_time': waited }),
  };
}

/** Where a request goes. */
export function serverAttributes(origin: string): Attributes {
  const { hostname, port, protocol } = new URL(origin);
  const usual = protocol === 'https:' ? HTTPS_PORT : HTTP_PORT;
  return {
    'server.address': hostname.replace(/^\[|\]$/g, ''),
    'server.port': port === '' ? usual : Number(port),
  };
}

/**
 * What it says when it ends. Messages of errors are left out, since they may hold what a row holds; the attempt log has
 * them.
 *
 * @param each what the events came to, where there are several
 */
export function outcomeAttributes(
  { kind, status, error }: Outcome,
  each: readonly Outcome[],
): Attributes {
  const failed = each.filter((one) => one.kind !== 'delivered').length;
  return {
    'event_triggers.outcome': kind,
    ...(status !== null && { 'http.response.status_code': status }),
    ...(kind !== 'delivered' && { 'error.type': errorType(status, error) }),
    ...(failed > 0 && { 'event_triggers.failed_events': failed }),
  };
}

/** What the conventions call an error that has no name. */
const OTHER_ERROR = '_OTHER';

/** A method of the application; `messaging.system` has no name for what is none of the known brokers. */
const HANDLED: Attributes = {
  'messaging.system': 'event_triggers',
  'messaging.operation.name': 'deliver',
  'messaging.operation.type': 'process',
};

const requestAttributes = (origin: string): Attributes => ({
  'http.request.method': 'POST',
  ...serverAttributes(origin),
});

/** The status as text where it is the reason, as the conventions for HTTP want it; the error is the application's to name. */
function errorType(status: number | null, error: Outcome['error']): string {
  if (error === null || (status !== null && error.code === `HTTP_${status}`)) return String(status);
  return errorCode(error) ?? OTHER_ERROR;
}
