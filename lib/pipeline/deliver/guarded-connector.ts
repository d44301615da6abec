import { lookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import type { AddressRules } from './address-rules.js';
import { watchForLoss } from './lost-connection.js';

export interface ConnectorSettings {
  /** Milliseconds for making a connection. */
  readonly timeout: number;
  /** Milliseconds after which the next address of a host is tried. */
  readonly nextAddressAfter: number;
  /** How names become addresses. Default: the system's way. */
  readonly lookup?: typeof lookup;
  /** Certificates of authorities that receivers are trusted by, as PEM. Default: those that Node trusts. */
  readonly authorities?: string;
}

/**
 * Connects to addresses that may be reached, and to no others: a literal address is looked at before, those of a name
 * when it is looked up, and what a socket is connected to before anything is sent. A name that changes its address in
 * between gains nothing by it.
 */
export function guardedConnector(
  rules: AddressRules,
  settings: ConnectorSettings,
): buildConnector.connector {
  const connect = buildConnector({
    timeout: settings.timeout,
    autoSelectFamilyAttemptTimeout: settings.nextAddressAfter,
    lookup: guardedLookup(rules, settings.lookup ?? lookup),
    ...(settings.authorities && { ca: settings.authorities }),
  });
  return (options, callback) => {
    const { hostname } = options;
    const isAllowed = rules.allowsHost(hostname);
    const refusal = isAllowed || isIP(hostname) === 0 ? null : rules.refusal(hostname);
    if (refusal !== null) {
      callback(refusal, null);
      return;
    }
    connect(options, (...[error, socket]) => {
      // An error comes without a socket, whatever the type says.
      if (error !== null || !socket) {
        callback(error ?? new Error('the connection was not made'), null);
        return;
      }
      const late = isAllowed ? null : rules.refusal(socket.remoteAddress ?? '');
      if (late !== null) {
        socket.destroy();
        callback(late, null);
        return;
      }
      watchForLoss(socket);
      callback(null, socket);
    });
  };
}

/** One address that is forbidden spoils them all: whoever answers so is not to choose. */
function guardedLookup(rules: AddressRules, resolve: typeof lookup): LookupFunction {
  return (hostname, options: LookupOptions, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      const addresses: LookupAddress[] = found ?? [];
      const refusal =
        error ??
        (rules.allowsHost(hostname)
          ? null
          : addresses.map(({ address }) => rules.refusal(address)).find((one) => one !== null));
      const [first] = addresses;
      if (refusal || first === undefined) callback(refusal ?? new Error('no address'), '', 0);
      else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
