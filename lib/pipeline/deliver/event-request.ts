import type { StoredHeader, StoredTrigger } from '../attach/stored-trigger.js';
import type { ClaimedEvent } from '../event.js';
import { EVENT_HEADER_NAMES, NAME_HEADER } from './event-headers.js';
import { eventId } from './event-id.js';
import { payloadFormat } from './payload-format.js';
import { payloadTerms } from './webhook-body.js';
import { traceparentOf } from './writer-context.js';

/** A header of a request; null where its value is not shown: a secret, a signature, the time of the attempt. */
export interface RequestHeader {
  readonly name: string;
  readonly value: string | null;
}

/** The request of an attempt, as the definition is now, before a `transform` of the application. */
export interface EventRequest {
  /** With its variables unresolved. */
  readonly url: string;
  readonly headers: readonly RequestHeader[];
  /** As it is sent, to the byte. */
  readonly body: string;
}

/** What the module adds to the requests of all triggers. */
export interface ModuleRequestTerms {
  /** Null where no secret is configured. */
  readonly secretHeader: string | null;
  /** Whether it signs the webhooks of triggers without keys of their own. */
  readonly signs: boolean;
}

/** Null where a handler of the application is called. */
export function eventRequest(
  trigger: StoredTrigger,
  event: ClaimedEvent,
  installation: number,
  module: ModuleRequestTerms,
): EventRequest | null {
  if (trigger.webhook === undefined) return null;
  const format = payloadFormat(trigger, payloadTerms(trigger, installation));
  const id = eventId(installation, event);
  const { attempt, id: idHeader, redelivery, signature, timestamp } = EVENT_HEADER_NAMES;
  const traceparent = traceparentOf(event.trace);
  const headers: (readonly [string, string | null])[] = [
    ['content-type', format.contentType],
    [NAME_HEADER, trigger.name],
    ...secretOf(trigger, module),
    ...trigger.headers.map(shown),
    [idHeader, id],
    [timestamp, null],
    ...(isSigned(trigger, module) ? [[signature, null] as const] : []),
    [attempt, String(event.attemptsBefore + 1)],
    ...(traceparent === null ? [] : [['traceparent', traceparent] as const]),
    ...(event.redelivered ? [[redelivery, 'true'] as const] : []),
    ...pairsOf(format.headers(event, id)),
  ];
  return {
    url: trigger.webhook,
    headers: headers.map(([name, value]) => ({ name, value })),
    body: format.body(event, id),
  };
}

/** The name of a variable is no secret; what is literal may be one. */
const shown = (header: StoredHeader): readonly [string, string | null] =>
  'valueFromEnv' in header ? [header.name, `{{${header.valueFromEnv}}}`] : [header.name, null];

const secretOf = (
  { sendSecret }: StoredTrigger,
  { secretHeader }: ModuleRequestTerms,
): (readonly [string, null])[] =>
  sendSecret && secretHeader !== null ? [[secretHeader, null]] : [];

const isSigned = ({ signingKeys }: StoredTrigger, { signs }: ModuleRequestTerms): boolean =>
  signingKeys === undefined ? signs : signingKeys.length > 0;

function pairsOf(flat: readonly string[]): (readonly [string, string])[] {
  return flat.flatMap((name, place) => (place % 2 === 0 ? [[name, flat[place + 1] ?? '']] : []));
}
