import { describe, expect, it } from 'vitest';
import { AddressRules, isNetwork } from '../../../lib/pipeline/deliver/address-rules.js';

const permits = (rules: AddressRules, address: string): boolean => rules.refusal(address) === null;
const anywhere = new AddressRules({ publicOnly: false, allow: [] });
const publicOnly = new AddressRules({ publicOnly: true, allow: [] });

/** Each the first or the last address of its range, in several spellings. */
const METADATA = [
  '169.254.0.0',
  '169.254.169.254',
  '169.254.255.255',
  '168.63.129.16',
  '100.100.100.200',
  '192.0.0.192',
  'fe80::1',
  'febf:ffff::1',
  'fd00:ec2::254',
  'fd00:0ec2:0:0:0:0:0:0254',
  'fd20:ce::254',
  // the same address in IPv6: mapped, compatible, translated, NAT64, local NAT64, 6to4, Teredo server and client
  '::ffff:169.254.169.254',
  '::ffff:a9fe:a9fe',
  '0:0:0:0:0:ffff:a9fe:a9fe',
  '::169.254.169.254',
  '::ffff:0:169.254.169.254',
  '64:ff9b::169.254.169.254',
  '64:ff9b:1::a9fe:a9fe',
  '2002:a9fe:a9fe::1',
  '2001:0:a9fe:a9fe::1',
  '2001:0:0:0:0:0:5601:5601',
];
const PRIVATE = [
  '0.0.0.0',
  '0.255.255.255',
  '10.0.0.1',
  '10.255.255.255',
  '100.64.0.1',
  '100.127.255.255',
  '127.0.0.1',
  '127.255.255.255',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.1',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.0.1',
  '192.168.255.255',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::127.0.0.1',
  '::ffff:127.0.0.1',
  '::ffff:10.0.0.1',
  '64:ff9b::10.0.0.1',
  '64:ff9b:1::1',
  '100::1',
  '2001::1',
  '2001:db8::1',
  '2002:7f00:1::',
  '3fff::1',
  '5f00::1',
  'fc00::1',
  'fdff::1',
  'fec0::1',
  'ff02::1',
];
const PUBLIC = [
  '1.1.1.1',
  '8.8.8.8',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '192.167.255.255',
  '223.255.255.255',
  '2606:4700:4700::1111',
  '2a00:1450:4001:81b::200e',
  '::ffff:8.8.8.8',
];

describe('an address', () => {
  it.each(METADATA)('%s is refused by everybody', (address) => {
    expect(permits(anywhere, address)).toBe(false);
    expect(permits(publicOnly, address)).toBe(false);
  });

  it.each(PRIVATE)('%s is refused where only the public internet may be reached', (address) => {
    expect(permits(publicOnly, address)).toBe(false);
  });

  it.each(['127.0.0.1', '10.0.0.1', '192.168.1.1', '::1', 'fc00::1', '::ffff:10.0.0.1'])(
    '%s is reached by what stands in code',
    (address) => {
      expect(permits(anywhere, address)).toBe(true);
    },
  );

  it.each(PUBLIC)('%s is reached by everybody', (address) => {
    expect(permits(anywhere, address)).toBe(true);
    // A mapped address is a spelling that no name server gives for the public internet.
    expect(permits(publicOnly, address)).toBe(true);
  });

  it.each(['', 'localhost', '1.2.3', '256.1.1.1', '::1::'])(
    '%j is none, and refused',
    (address) => {
      expect(permits(anywhere, address)).toBe(false);
    },
  );
});

describe('an exception', () => {
  const rules = new AddressRules({
    publicOnly: true,
    allow: ['10.20.0.0/16', '127.0.0.1', 'fd12:3456::/32', 'Internal.Example.', '169.254.10.1'],
  });

  it.each([
    ['10.20.255.255', true],
    ['10.21.0.0', false],
    ['127.0.0.1', true],
    ['127.0.0.2', false],
    ['fd12:3456::1', true],
    ['fd12:3457::1', false],
    ['169.254.10.1', true],
    ['169.254.169.254', false],
  ])('for networks and addresses: %s is reached: %s', (address, permitted) => {
    expect(permits(rules, address)).toBe(permitted);
  });

  it.each([
    ['internal.example', true],
    ['INTERNAL.EXAMPLE.', true],
    ['sub.internal.example', false],
    ['example', false],
  ])('for names: %s is trusted: %s', (name, trusted) => {
    expect(rules.allowsHost(name)).toBe(trusted);
  });

  it.each([
    ['10.0.0.0/8', true],
    ['10.0.0.0/33', false],
    ['::/0', true],
    ['::/129', false],
    ['10.0.0.0/8/8', false],
    ['example.com', false],
  ])('is a network or a name: %s is a network: %s', (entry, network) => {
    expect(isNetwork(entry)).toBe(network);
  });
});
