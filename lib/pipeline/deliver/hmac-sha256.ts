import { hash } from 'node:crypto';

/** SHA-256 works on blocks of 64 bytes and comes to 32 (FIPS 180-4 §1). */
export const HMAC_BLOCK_BYTES = 64;
const HASH_BYTES = 32;
/** RFC 2104 §2. */
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;

/**
 * HMAC-SHA256 (RFC 2104) in base64, by one key that is no longer than a block, of what follows the first 64 bytes of a
 * buffer: those are overwritten.
 *
 * With two calls of `hash`, since `createHmac` makes an object of OpenSSL's each time, which costs a sender of many
 * webhooks more than the hashing; and with the inner one as text, which is cheaper to make than another buffer.
 *
 * @throws RangeError for a longer key
 */
export function hmacSha256(key: Uint8Array): (padded: Buffer) => string {
  if (key.length > HMAC_BLOCK_BYTES)
    throw new RangeError(`A key has at most ${HMAC_BLOCK_BYTES} bytes`);
  const keyWith = (pad: number): Uint8Array =>
    Uint8Array.from({ length: HMAC_BLOCK_BYTES }, (_, place) => (key[place] ?? 0) ^ pad);
  const innerKey = keyWith(INNER_PAD);
  const outer = Buffer.alloc(HMAC_BLOCK_BYTES + HASH_BYTES);
  outer.set(keyWith(OUTER_PAD));
  return (padded) => {
    padded.set(innerKey);
    outer.write(hash('sha256', padded, 'binary'), HMAC_BLOCK_BYTES, 'binary');
    return hash('sha256', outer, 'base64');
  };
}
