import { InvalidOptionsError } from '../event-triggers.errors.js';
import type { WebhookSecretSettings } from './webhook-secret.settings.js';

/** What one guarded route wants otherwise than the rest of the application. */
export interface WebhookSecretGuardOptions extends WebhookSecretSettings {
  /**
   * What lets a request in: the secret in its header, a signature of Standard Webhooks, or either, for senders that
   * are on the way from one to the other. A signature needs the bytes that came: `NestFactory.create(AppModule, {
   * rawBody: true })`. Default: `'secret'`.
   */
  readonly accept?: 'secret' | 'signature' | 'either';
  /**
   * Seconds by which the time of a signed request may differ from this machine's, so that one that was overheard is
   * useless later. Default: 300, as the libraries of Standard Webhooks have it.
   */
  readonly tolerance?: number;
  /** The status of a refusal: an error status, since a sender counts any other as delivered. Default: 401. */
  readonly status?: number;
  /** A sentence for the sender, as `detail` and `message` of the refusal. Default: none, a refusal tells nothing. */
  readonly message?: string;
}

const HTTP_TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;
const FIRST_ERROR_STATUS = 400;
const LAST_ERROR_STATUS = 599;

/** Returns the options; throws `InvalidOptionsError` where they could never guard anything. */
export function checkedGuardOptions(options: WebhookSecretGuardOptions): WebhookSecretGuardOptions {
  const { header, status, accept = 'secret', tolerance = 1 } = options;
  if (!['secret', 'signature', 'either'].includes(accept)) {
    throw new InvalidOptionsError(`WebhookSecretGuard: it cannot accept "${String(accept)}"`, {
      hint: "Pass 'secret', 'signature' or 'either'.",
    });
  }
  if (!(tolerance > 0 && Number.isFinite(tolerance))) {
    throw new InvalidOptionsError(`WebhookSecretGuard: ${tolerance} is no tolerance`, {
      hint: 'Pass a number of seconds above 0, such as 300.',
    });
  }
  if (header !== undefined && !HTTP_TOKEN.test(header)) {
    throw new InvalidOptionsError(
      `WebhookSecretGuard: "${header}" is not the name of an HTTP header`,
      {
        hint: 'Pass a name such as "nhost-webhook-secret": letters, digits and hyphens.',
      },
    );
  }
  if (status !== undefined && !isErrorStatus(status)) {
    throw new InvalidOptionsError(`WebhookSecretGuard: ${status} is not the status of a refusal`, {
      hint: 'Pass a status from 400 to 599: a sender counts any other as delivered.',
    });
  }
  return options;
}

function isErrorStatus(status: number): boolean {
  return Number.isInteger(status) && status >= FIRST_ERROR_STATUS && status <= LAST_ERROR_STATUS;
}
