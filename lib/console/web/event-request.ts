import type { EventOnPage, Trigger } from './answers.js';
import type { CurlRequest } from './curl.js';

type Headers = NonNullable<NonNullable<Trigger['made']>['headers']>;
/** A literal value of a header is never told. */
type ToldHeader = Headers[number] | { name: string; isHidden: true };

/**
 * The request that delivers an event, as far as the page knows it: in the default format, without signature, secrets as
 * variables of the shell.
 *
 * @param trigger null where it is not there any more
 */
export function requestOf(event: EventOnPage, trigger: Trigger | null): CurlRequest {
  return {
    url: trigger?.webhook ?? 'https://example.com/webhook',
    headers: [
      ['content-type', 'application/json'],
      ['webhook-id', event.id],
      ['event-triggers-name', event.trigger],
      ['event-triggers-attempt', String(event.attempts + 1)],
      ...ownHeaders(trigger),
    ],
    body: JSON.stringify({
      created_at: event.createdAt,
      delivery_info: { current_retry: event.attempts, max_retries: retriesOf(trigger) },
      event: event.event,
      id: event.id,
      table: trigger?.table ?? { name: '', schema: '' },
      trigger: { name: event.trigger },
    }),
  };
}

/** The attempts of a trigger whose definition says nothing of them, unless its module does. */
const DEFAULT_ATTEMPTS = 16;

const retriesOf = (trigger: Trigger | null): number =>
  (trigger?.made?.retry?.attempts ?? DEFAULT_ATTEMPTS) - 1;

function ownHeaders(trigger: Trigger | null): [string, string][] {
  const headers = (trigger?.made?.headers ?? []) as readonly ToldHeader[];
  return headers.map((header) => [
    header.name,
    'valueFromEnv' in header ? `$${header.valueFromEnv}` : variableOf(header.name),
  ]);
}

const variableOf = (name: string): string => `$${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;
