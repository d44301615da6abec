import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { EventTriggersError } from './event-triggers.errors.js';

/** A key to sign with, and until when. */
export interface SigningKeyOption {
  /** `whsec_…` or `whsk_…`, or `'{{ENV_VAR}}'`. */
  key: string;
  /** When it signs no more: a date, or a text that `new Date` reads. Default: never. */
  until?: Date | string;
}

/** One key to sign with, or several. */
export type SigningKeys = string | readonly (string | SigningKeyOption)[];

/** Keys in one form, times in milliseconds since 1970. */
export function signingKeysOf(keys: SigningKeys): { key: string; until: number | null }[] {
  const list = typeof keys === 'string' ? [keys] : keys;
  return list.map((given) => {
    const { key, until } = typeof given === 'string' ? { key: given, until: undefined } : given;
    return { key, until: until === undefined ? null : new Date(until).getTime() };
  });
}

/** A key of Standard Webhooks, ready for use. */
export type SigningKey =
  | { readonly kind: 'hmac'; readonly secret: Buffer }
  /** A public key alone verifies, and signs nothing. */
  | { readonly kind: 'ed25519'; readonly publicKey: KeyObject; readonly privateKey?: KeyObject };

const SYMMETRIC = 'whsec_';
const PRIVATE = 'whsk_';
const PUBLIC = 'whpk_';
/** Standard Webhooks 1.0.0: what an HMAC key may have. */
const [SHORTEST_SECRET, LONGEST_SECRET] = [24, 64] as const;
/** RFC 8032: a seed, or a public key. Often a seed is followed by its public key. */
const KEY_BYTES = 32;
const PAIR_BYTES = 64;
/** What stands before the seed and the public key of ed25519 in PKCS #8 and SPKI (RFC 8410 §7 and §4). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * Reads a key as Standard Webhooks 1.0.0 writes it (https://www.standardwebhooks.com): `whsec_` for HMAC-SHA256,
 * `whsk_` and `whpk_` for a private and a public key of ed25519, each followed by base64.
 *
 * @param place which key it is, for the error, which never shows it
 * @throws EventTriggersError `ET_INVALID_SIGNING_KEY`
 */
export function parseSigningKey(text: string, place: string): SigningKey {
  const [, prefix, encoded = ''] = /^(whsec_|whsk_|whpk_)(.*)$/s.exec(text) ?? [];
  if (prefix === undefined) throw invalid(place, `begins with none of ${PREFIXES}`);
  if (!BASE64.test(encoded)) throw invalid(place, 'is not base64 after its prefix');
  const bytes = Buffer.from(encoded, 'base64');
  if (prefix === SYMMETRIC) {
    requireBytes(bytes, bytes.length >= SHORTEST_SECRET && bytes.length <= LONGEST_SECRET, place);
    return { kind: 'hmac', secret: bytes };
  }
  if (prefix === PUBLIC) {
    requireBytes(bytes, bytes.length === KEY_BYTES, place);
    const key = Buffer.concat([SPKI_PREFIX, bytes]);
    return { kind: 'ed25519', publicKey: createPublicKey({ key, format: 'der', type: 'spki' }) };
  }
  requireBytes(bytes, bytes.length === KEY_BYTES || bytes.length === PAIR_BYTES, place);
  const key = Buffer.concat([PKCS8_PREFIX, bytes.subarray(0, KEY_BYTES)]);
  const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  return { kind: 'ed25519', privateKey, publicKey: createPublicKey(privateKey) };
}

const PREFIXES = [SYMMETRIC, PRIVATE, PUBLIC].join(', ');

function requireBytes({ length }: Buffer, isRight: boolean, place: string): void {
  if (!isRight) throw invalid(place, `has ${length} bytes, which no such key has`);
}

const invalid = (place: string, problem: string): EventTriggersError =>
  new EventTriggersError('ET_INVALID_SIGNING_KEY', `${place} ${problem}`, {
    hint: `Make one with: node -p "'${SYMMETRIC}' + crypto.randomBytes(32).toString('base64')"`,
  });
