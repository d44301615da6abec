import { BlockList, isIP } from 'node:net';
import { EventTriggersError } from '../../event-triggers.errors.js';
import { embeddedAddresses } from './embedded-address.js';

export interface AddressSettings {
  /** Whether only addresses of the public internet may be reached. */
  readonly publicOnly: boolean;
  /** Host names, addresses and networks (`10.0.0.0/8`) that may be reached all the same. */
  readonly allow: readonly string[];
}

/**
 * Where a machine finds what it must tell nobody: link-local networks, and the addresses at which clouds hand out
 * credentials (AWS and most others, Azure, Alibaba, Oracle; AWS and Google over IPv6).
 */
const METADATA = [
  '169.254.0.0/16',
  '168.63.129.16',
  '100.100.100.200',
  '192.0.0.192',
  'fe80::/10',
  'fd00:ec2::254',
  'fd20:ce::254',
];

/** What is not the public internet: the special-purpose registries of IANA, https://www.iana.org/assignments. */
const NOT_PUBLIC = [
  ...METADATA,
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/32',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  '5f00::/16',
  'fc00::/7',
  'fec0::/10',
  'ff00::/8',
];

/** An address to which no webhook may go. */
export class ForbiddenAddressError extends EventTriggersError {
  constructor(
    /** The message without its fix. */
    readonly problem: string,
    override readonly hint: string,
  ) {
    super(FORBIDDEN_ADDRESS, problem, { hint });
  }
}

/** The code of attempts that end so. */
export const FORBIDDEN_ADDRESS = 'ET_FORBIDDEN_ADDRESS';

/**
 * Which addresses may be reached. Names are looked up elsewhere; an address that carries another one in it (IPv4
 * written as IPv6, a translator's, a tunnel's) is judged by both.
 */
export class AddressRules {
  private readonly forbidden: BlockList;
  private readonly allowed: BlockList;
  private readonly hosts: ReadonlySet<string>;

  constructor(private readonly settings: AddressSettings) {
    this.forbidden = listOf(settings.publicOnly ? NOT_PUBLIC : METADATA);
    this.allowed = listOf(settings.allow.filter(isNetwork));
    this.hosts = new Set(settings.allow.filter((entry) => !isNetwork(entry)).map(hostOf));
  }

  /** Whether a host was allowed by its name, whatever it leads to. */
  allowsHost(name: string): boolean {
    return this.hosts.has(hostOf(name));
  }

  /** Why an address, or what is none, may not be reached; null where it may. */
  refusal(address: string): ForbiddenAddressError | null {
    if (this.permits(address)) return null;
    const what = this.settings.publicOnly
      ? 'is no address of the public internet'
      : 'is link-local, or hands out credentials of this machine';
    return new ForbiddenAddressError(
      `${address} ${what}, and no webhook may go there`,
      'Name another host, or list it in destinations.allow.',
    );
  }

  private permits(address: string): boolean {
    const family = isIP(address);
    if (family === 0) return false;
    if (has(this.allowed, address)) return true;
    const all = [address, ...(family === 6 ? embeddedAddresses(address) : [])];
    return !all.some((one) => has(this.forbidden, one));
  }
}

/** Whether it is an address or a network, and no name. */
export function isNetwork(entry: string): boolean {
  const [address = '', bits, ...others] = entry.split('/');
  const family = isIP(address);
  if (family === 0 || others.length > 0) return false;
  if (bits === undefined) return true;
  return /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 4 ? 'ipv4' : 'ipv6');

const has = (list: BlockList, address: string): boolean => list.check(address, familyOf(address));

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    if (bits === undefined) list.addAddress(address, familyOf(address));
    else list.addSubnet(address, Number(bits), familyOf(address));
  }
  return list;
}

/** A name may end in a dot. */
const hostOf = (name: string): string => name.toLowerCase().replace(/\.$/, '');
