import { sign } from 'node:crypto';
import { EventTriggersError } from '../../event-triggers.errors.js';
import { parseSigningKey } from '../../signing-key.js';
import { hmacSha256 } from './hmac-sha256.js';
import type { SignedContent } from './letter.js';
import type { StoredSigningKey } from '../attach/stored-trigger.js';
import { resolveTemplate, type Environment } from '../../environment-template.js';

/** Signs what is sent, as long as its key is valid. */
export interface Signer {
  /** Milliseconds since 1970; null for ever. */
  readonly until: number | null;
  /** `v1,` or `v1a,` and the signature. */
  sign(content: SignedContent): string;
}

/**
 * What signs the webhooks of a trigger, by Standard Webhooks 1.0.0 (https://www.standardwebhooks.com): HMAC-SHA256
 * for keys that begin with `whsec_`, ed25519 for private keys that begin with `whsk_`.
 *
 * @param where whose keys these are, for errors
 * @throws EventTriggersError `ET_INVALID_SIGNING_KEY`, which never shows the key
 * @throws MissingEnvironmentVariableError for a variable that is not set
 */
export function signersOf(
  keys: readonly StoredSigningKey[],
  where: string,
  env: Environment,
): readonly Signer[] {
  return keys.map(({ key, until }, index) => {
    const place =
      keys.length === 1 ? `${where}: the signing key` : `${where}: signing key ${index + 1}`;
    return { until, sign: signing(resolveTemplate(key, place, env), place) };
  });
}

/** The value of the header `webhook-signature`: one signature for each key that is valid; null where there is none. */
export function signatureOf(
  signers: readonly Signer[],
  content: SignedContent,
  now: number,
): string | null {
  const valid = signers.filter(({ until }) => until === null || until > now);
  return valid.length === 0 ? null : valid.map((signer) => signer.sign(content)).join(' ');
}

function signing(text: string, place: string): Signer['sign'] {
  const key = parseSigningKey(text, place);
  if (key.kind === 'hmac') {
    const hmac = hmacSha256(key.secret);
    return ({ padded }) => `v1,${hmac(padded)}`;
  }
  const { privateKey } = key;
  if (privateKey === undefined) {
    throw new EventTriggersError('ET_INVALID_SIGNING_KEY', `${place} is a public one`, {
      hint: 'It verifies what the private key, which begins with whsk_, has signed.',
    });
  }
  return ({ bytes }) => `v1a,${sign(null, bytes, privateKey).toString('base64')}`;
}
