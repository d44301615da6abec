import { isIP } from 'node:net';
import { InvalidTriggerError } from '../../event-triggers.errors.js';
import type { AddressRules } from './address-rules.js';

/** Where requests may go. */
export interface UrlRules {
  readonly addresses: AddressRules;
  readonly requireHttps: boolean;
}

/** A URL as the ways out need it. */
export interface WebhookPlace {
  readonly url: string;
  readonly origin: string;
  /** With the query. */
  readonly path: string;
}

export function placeOf({ href, origin, pathname, search }: URL): WebhookPlace {
  return { url: href, origin, path: pathname + search };
}

/**
 * A URL that events of the trigger may go to.
 *
 * @param what it is, for errors: they do not show the text, which may hold a secret
 * @throws InvalidTriggerError for what is no URL to send to, and for one that is not allowed
 */
export function webhookUrl(
  trigger: string,
  text: string,
  { addresses, requireHttps }: UrlRules,
  what: string,
): URL {
  if (!URL.canParse(text)) {
    throw new InvalidTriggerError(trigger, `${what} comes to no URL`, {
      hint: 'Start it with http:// or https://, or with a variable that does.',
    });
  }
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new InvalidTriggerError(trigger, `webhooks go over HTTP, not ${url.protocol}`, {
      hint: 'Start the URL with http:// or https://.',
    });
  }
  if (url.username !== '' || url.password !== '') {
    throw new InvalidTriggerError(trigger, 'the webhook carries a user or a password in its URL', {
      hint: 'Send them as a header: { name: "authorization", valueFromEnv: … }.',
    });
  }
  if (requireHttps && url.protocol !== 'https:') {
    throw new InvalidTriggerError(trigger, 'its webhook does not go over HTTPS', {
      hint: 'Start the URL with https://, or leave destinations.requireHttps out.',
    });
  }
  requirePermitted(trigger, url, addresses);
  // Fragments stay on the sender's side.
  url.hash = '';
  return url;
}

/** A name is looked at when it is connected to: it may lead elsewhere by then. */
function requirePermitted(trigger: string, { hostname }: URL, addresses: AddressRules): void {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) === 0 || addresses.allowsHost(host)) return;
  const refusal = addresses.refusal(host);
  if (refusal === null) return;
  const { problem, hint } = refusal;
  throw new InvalidTriggerError(trigger, problem, { hint, cause: refusal });
}
