import { isIP } from 'node:net';
import { InvalidTriggerError } from '../../event-triggers.errors.js';
import type { StatusRules, StoredSigningKey, StoredTrigger } from '../attach/stored-trigger.js';
import type { AddressRules } from './address-rules.js';
import type { EventHandler, HandlerDestination } from './handler-destination.js';
import { resolveTemplate, type Environment } from '../../environment-template.js';
import { requestHeaders, type OutgoingSecret } from './request-headers.js';
import { signersOf, type Signer } from './signer.js';
import { payloadTerms, type PayloadTerms } from './webhook-body.js';

/** What a trigger's destination takes from this process. */
export interface DestinationContext {
  /** The number that makes this database's event ids unlike all others. */
  readonly installation: number;
  /** Null where none is configured; then none is sent. */
  readonly secret: OutgoingSecret | null;
  /** Of the module; a trigger may have its own. */
  readonly signingKeys: readonly StoredSigningKey[];
  readonly addresses: AddressRules;
  readonly requireHttps: boolean;
  readonly env: Environment;
  /** The methods of this application that handle events, by the name of their trigger. */
  readonly handlers: ReadonlyMap<string, { readonly handle: EventHandler }>;
}

/** Everything that is the same for all requests of a trigger, worked out once. */
export interface WebhookDestination extends PayloadTerms {
  readonly url: string;
  readonly origin: string;
  /** With the query. */
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  /** None where webhooks go out unsigned. */
  readonly signers: readonly Signer[];
  /** What answers mean, beside the defaults. */
  readonly statuses: StatusRules;
  /** Total time of one attempt in milliseconds. */
  readonly timeout: number;
}

/** Where the events of a trigger go. */
export type Destination = WebhookDestination | HandlerDestination;

/**
 * Where the events of a trigger go, with environment variables resolved.
 *
 * @throws InvalidTriggerError for a URL or a header that cannot be sent, and where this application lacks the handler
 * @throws EventTriggersError `ET_INVALID_SIGNING_KEY`
 * @throws MissingEnvironmentVariableError for a variable that is not set
 */
export function resolveDestination(
  trigger: StoredTrigger,
  context: DestinationContext,
): Destination {
  const { webhook } = trigger;
  return webhook === undefined
    ? handlerDestination(trigger, context)
    : webhookDestination(trigger, webhook, context);
}

function handlerDestination(
  trigger: StoredTrigger,
  { installation, handlers }: DestinationContext,
): HandlerDestination {
  const handler = handlers.get(trigger.name);
  if (handler === undefined) {
    throw new InvalidTriggerError(trigger.name, 'it has neither a webhook nor a handler here', {
      hint: `Give it a webhook, or put @OnEventTrigger('${trigger.name}') on a method of a provider or controller.`,
    });
  }
  const { timeout } = trigger;
  return { ...payloadTerms(trigger, installation), handle: handler.handle, timeout };
}

function webhookDestination(
  trigger: StoredTrigger,
  webhook: string,
  { installation, secret, signingKeys, addresses, requireHttps, env }: DestinationContext,
): WebhookDestination {
  const url = webhookUrl(trigger, webhook, env);
  if (requireHttps && url.protocol !== 'https:') {
    throw new InvalidTriggerError(trigger.name, 'its webhook does not go over HTTPS', {
      hint: 'Start the URL with https://, or leave destinations.requireHttps out.',
    });
  }
  requirePermitted(trigger, url, addresses);
  return {
    ...payloadTerms(trigger, installation),
    url: url.href,
    origin: url.origin,
    path: url.pathname + url.search,
    headers: requestHeaders(trigger, secret, env),
    signers: signersOf(trigger.signingKeys ?? signingKeys, `Event trigger "${trigger.name}"`, env),
    statuses: trigger.statuses ?? {},
    timeout: trigger.timeout,
  };
}

function webhookUrl(trigger: StoredTrigger, webhook: string, env: Environment): URL {
  const text = resolveTemplate(webhook, `Event trigger "${trigger.name}": webhook`, env);
  if (!URL.canParse(text)) {
    throw new InvalidTriggerError(trigger.name, `the webhook "${webhook}" comes to no URL`, {
      hint: 'Start it with http:// or https://, or with a variable that does.',
    });
  }
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new InvalidTriggerError(trigger.name, `webhooks go over HTTP, not ${url.protocol}`, {
      hint: 'Start the URL with http:// or https://.',
    });
  }
  if (url.username !== '' || url.password !== '') {
    throw new InvalidTriggerError(
      trigger.name,
      'the webhook carries a user or a password in its URL',
      {
        hint: 'Send them as a header: { name: "authorization", valueFromEnv: … }.',
      },
    );
  }
  // Fragments stay on the sender's side.
  url.hash = '';
  return url;
}

/** A name is looked at when it is connected to: it may lead elsewhere by then. */
function requirePermitted(
  trigger: StoredTrigger,
  { hostname }: URL,
  addresses: AddressRules,
): void {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) === 0 || addresses.allowsHost(host)) return;
  const refusal = addresses.refusal(host);
  if (refusal === null) return;
  const { problem, hint } = refusal;
  throw new InvalidTriggerError(trigger.name, problem, { hint, cause: refusal });
}
