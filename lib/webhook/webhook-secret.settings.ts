import type { SigningKeys } from '../signing-key.js';

/** The token under which the module shares its webhook secret with every guard of the application. */
export const WEBHOOK_SECRET_SETTINGS = Symbol('WEBHOOK_SECRET_SETTINGS');

/** What `WebhookSecretGuard` takes from the module where a route gives no options of its own. */
export interface WebhookSecretSettings {
  /** The accepted secret; several while one is being replaced. Default: the environment's `NHOST_WEBHOOK_SECRET`. */
  readonly secret?: string | readonly string[];
  /** The request header that carries the secret. Default: `nhost-webhook-secret`. */
  readonly header?: string;
  /**
   * What signatures are verified by: `whsec_…`, `whpk_…` or `whsk_…`, or `'{{ENV_VAR}}'`; one with `until` counts until
   * then. Default: the keys that the module signs with.
   */
  readonly signingKeys?: SigningKeys;
}
