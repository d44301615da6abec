import { resolveTemplate, type Environment } from '../../environment-template.js';
import { InvalidTriggerError } from '../../event-triggers.errors.js';
import type { StatusRules, StoredSigningKey, StoredTrigger } from '../attach/stored-trigger.js';
import type { Transform } from '../attach/transform.js';
import type { EventHandler, HandlerDestination } from './handler-destination.js';
import type { AnswerLimits } from './http-exchange.js';
import { EXCERPT_BYTES } from './outcome.js';
import { payloadFormat, type PayloadFormat } from './payload-format.js';
import { requestHeaders, type OutgoingSecret } from './request-headers.js';
import { signersOf, type Signer } from './signer.js';
import type { TransformTerms } from './transformer.js';
import { payloadTerms, type PayloadTerms } from './webhook-body.js';
import { placeOf, webhookUrl, type UrlRules, type WebhookPlace } from './webhook-url.js';

/** As much as waits in a replica in all. */
const MOST_BODY_BYTES = 64 * 1024 * 1024;
/** Up to here reading on is cheaper than another connection. */
const DISCARD_BYTES = 64 * 1_024;
/** The id of an event and its status as JSON, however it is spaced. */
const BYTES_PER_EVENT = 128;

/** What a trigger's destination takes from this process. */
export interface DestinationContext {
  /** The number that makes this database's event ids unlike all others. */
  readonly installation: number;
  /** Null where none is configured; then none is sent. */
  readonly secret: OutgoingSecret | null;
  /** Of the module; a trigger may have its own. */
  readonly signingKeys: readonly StoredSigningKey[];
  /** Where requests may go. */
  readonly rules: UrlRules;
  readonly env: Environment;
  /** The methods of this application that handle events, by the name of their trigger. */
  readonly handlers: ReadonlyMap<string, { readonly handle: EventHandler }>;
  /** The functions of this application that have a say in requests, likewise. */
  readonly transforms: ReadonlyMap<string, Transform>;
}

/** Everything that is the same for all requests of a trigger, worked out once. */
export interface WebhookDestination extends PayloadTerms, WebhookPlace {
  readonly format: PayloadFormat;
  readonly maxBodyBytes: number;
  /** How much of an answer is read. */
  readonly answer: AnswerLimits;
  /** Null where requests go out as they are defined. */
  readonly transform: TransformTerms | null;
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
  context: DestinationContext,
): WebhookDestination {
  const { installation, secret, signingKeys, rules, env } = context;
  const text = resolveTemplate(webhook, `Event trigger "${trigger.name}": webhook`, env);
  const terms = payloadTerms(trigger, installation);
  const format = payloadFormat(trigger, terms);
  return {
    ...terms,
    ...placeOf(webhookUrl(trigger.name, text, rules, `the webhook "${webhook}"`)),
    format,
    maxBodyBytes: trigger.maxBodyBytes ?? MOST_BODY_BYTES,
    answer: answerLimits(trigger.bundle?.size ?? 0),
    transform: trigger.transformed === true ? transformTerms(trigger, context, format) : null,
    headers: requestHeaders(trigger, { secret, contentType: format.contentType }, env),
    signers: signersOf(trigger.signingKeys ?? signingKeys, `Event trigger "${trigger.name}"`, env),
    statuses: trigger.statuses ?? {},
    timeout: trigger.timeout,
  };
}

/** An answer to a bundle may name each of its events. */
function answerLimits(bundled: number): AnswerLimits {
  const excerpt = EXCERPT_BYTES + bundled * BYTES_PER_EVENT;
  return { excerpt, discard: Math.max(excerpt, DISCARD_BYTES) };
}

function transformTerms(
  trigger: StoredTrigger,
  { transforms, rules, env }: DestinationContext,
  { contentType }: PayloadFormat,
): TransformTerms {
  const { name } = trigger;
  const transform = transforms.get(name);
  if (transform === undefined) {
    throw new InvalidTriggerError(name, 'its definition here has no transform', {
      hint: 'Another release has stored it with one: its replicas deliver it, until this one is the latest to start.',
    });
  }
  const bare = { ...trigger, headers: [], sendSecret: false };
  const elsewhere = requestHeaders(bare, { secret: null, contentType }, env);
  return { trigger: name, transform, rules, elsewhere };
}
