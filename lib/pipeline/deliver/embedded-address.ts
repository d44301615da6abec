/** Groups of an IPv6 address. */
const GROUPS = 8;

/**
 * The IPv4 addresses that an IPv6 address may lead to: mapped (RFC 4291), compatible (RFC 4291, deprecated),
 * translated (NAT64, RFC 6052 and RFC 8215), 6to4 (RFC 3056) and Teredo (RFC 4380).
 *
 * @param address a valid IPv6 address
 */
export function embeddedAddresses(address: string): string[] {
  const groups = groupsOf(address);
  const [first, second, third, fourth, , sixth, seventh = 0, eighth = 0] = groups;
  const leads = (...prefix: number[]): boolean => prefix.every((group, at) => groups[at] === group);
  const last = ipv4(seventh, eighth);
  if (leads(0, 0, 0, 0, 0) && (sixth === 0 || sixth === 0xffff)) return [last];
  if (leads(0x64, 0xff9b, 0, 0, 0, 0) || leads(0x64, 0xff9b, 1)) return [last];
  // IPv4-translated, RFC 2765.
  if (leads(0, 0, 0, 0, 0xffff, 0)) return [last];
  if (first === 0x2002) return [ipv4(second ?? 0, third ?? 0)];
  if (leads(0x2001, 0)) return [ipv4(third ?? 0, fourth ?? 0), ipv4(~seventh, ~eighth)];
  return [];
}

const ipv4 = (high: number, low: number): string =>
  [high >> 8, high, low >> 8, low].map((byte) => byte & 0xff).join('.');

/** The eight groups, whatever the spelling; a zone is no part of the address. */
function groupsOf(address: string): number[] {
  const [bare = ''] = address.split('%');
  // The URL standard prints one form of all: compressed, without dots.
  const printed = new URL(`http://[${bare}]`).hostname.slice(1, -1);
  const [head = '', tail] = printed.split('::');
  const parse = (part: string | undefined): number[] =>
    part === undefined || part === ''
      ? []
      : part.split(':').map((group) => Number.parseInt(group, 16));
  const [before, after] = [parse(head), parse(tail)];
  if (tail === undefined) return before;
  return [...before, ...Array<number>(GROUPS - before.length - after.length).fill(0), ...after];
}
