import { isIP } from 'node:net';
import { InvalidTriggerError } from '../../event-triggers.errors.js';
import type { StatusRules, StoredSigningKey, StoredTrigger } from '../attach/stored-trigger.js';
import type { Operation } from '../event.js';
import type { AddressRules } from './address-rules.js';
import { resolveTemplate, type Environment } from '../../environment-template.js';
import { requestHeaders, type OutgoingSecret } from './request-headers.js';
import { signersOf, type Signer } from './signer.js';

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
}

/** Everything that is the same for all requests of a trigger, worked out once. */
export interface Destination {
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
  readonly installation: number;
  /** The columns that leave, by operation; all where there is no entry. */
  readonly payload: Readonly<Partial<Record<Operation, ReadonlySet<string>>>>;
  /** The parts of the body that no event changes: see `webhookBody`. */
  readonly maxRetries: number;
  readonly bodyEnd: string;
}

/**
 * Where the events of a trigger go, with environment variables resolved.
 *
 * @throws InvalidTriggerError for a URL or a header that cannot be sent
 * @throws EventTriggersError `ET_INVALID_SIGNING_KEY`
 * @throws MissingEnvironmentVariableError for a variable that is not set
 */
export function resolveDestination(
  trigger: StoredTrigger,
  { installation, secret, signingKeys, addresses, requireHttps, env }: DestinationContext,
): Destination {
  const url = webhookUrl(trigger, env);
  if (requireHttps && url.protocol !== 'https:') {
    throw new InvalidTriggerError(trigger.name, 'its webhook does not go over HTTPS', {
      hint: 'Start the URL with https://, or leave destinations.requireHttps out.',
    });
  }
  requirePermitted(trigger, url, addresses);
  return {
    url: url.href,
    origin: url.origin,
    path: url.pathname + url.search,
    headers: requestHeaders(trigger, secret, env),
    signers: signersOf(trigger.signingKeys ?? signingKeys, `Event trigger "${trigger.name}"`, env),
    statuses: trigger.statuses ?? {},
    timeout: trigger.timeout,
    installation,
    payload: payloadColumns(trigger),
    maxRetries: trigger.retry.attempts - 1,
    bodyEnd: `","table":${JSON.stringify({ name: trigger.table.name, schema: trigger.table.schema })},"trigger":${JSON.stringify({ name: trigger.name })}}`,
  };
}

function webhookUrl(trigger: StoredTrigger, env: Environment): URL {
  const text = resolveTemplate(trigger.webhook, `Event trigger "${trigger.name}": webhook`, env);
  if (!URL.canParse(text)) {
    throw new InvalidTriggerError(
      trigger.name,
      `the webhook "${trigger.webhook}" comes to no URL`,
      {
        hint: 'Start it with http:// or https://, or with a variable that does.',
      },
    );
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

function payloadColumns(trigger: StoredTrigger): Destination['payload'] {
  const columns: Partial<Record<Operation, ReadonlySet<string>>> = {};
  if (trigger.insert?.payload) columns.INSERT = new Set(trigger.insert.payload);
  if (trigger.update?.payload) columns.UPDATE = new Set(trigger.update.payload);
  if (trigger.delete?.payload) columns.DELETE = new Set(trigger.delete.payload);
  return columns;
}
