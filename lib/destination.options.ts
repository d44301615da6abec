import { isNetwork } from './pipeline/deliver/address-rules.js';
import { isBoolean, isListOf, May } from './validation.js';

/** Where webhooks may go. */
export class DestinationOptions {
  /**
   * Whether only addresses of the public internet may be reached, for applications whose users choose the URLs.
   *
   * Default: false, since URLs that stand in code are the developer's, and often lead to a service next door. Link-local
   * networks, and the addresses at which clouds hand out credentials, are refused in any case.
   */
  @May('be true or false', isBoolean)
  publicOnly?: boolean;

  /**
   * Hosts that may be reached all the same: names, addresses, or networks such as `10.20.0.0/16`. A name is trusted
   * wherever it leads. Default: none.
   */
  @May('be a list of host names, addresses or networks such as "10.20.0.0/16"', isListOf(isHost, 0))
  allow?: string[];

  /** Whether webhooks have to go over HTTPS. Default: false. */
  @May('be true or false', isBoolean)
  requireHttps?: boolean;
}

/** The same with every default filled in. */
export interface ResolvedDestinationOptions {
  readonly publicOnly: boolean;
  readonly allow: readonly string[];
  readonly requireHttps: boolean;
}

/** Fills in the defaults. */
export function resolveDestinations({
  publicOnly = false,
  allow = [],
  requireHttps = false,
}: DestinationOptions): ResolvedDestinationOptions {
  return { publicOnly, allow, requireHttps };
}

/** No URL, and no port: what is allowed is a host. */
function isHost(value: unknown): boolean {
  return typeof value === 'string' && (isNetwork(value) || /^[\w-]+(\.[\w-]+)*\.?$/.test(value));
}
