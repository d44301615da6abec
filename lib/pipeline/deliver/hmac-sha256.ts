import { hash } from 'node:crypto';

/** SHA-256 works on blocks of 64 bytes and comes to 32 (FIPS 180-4 §1). */
const BLOCK_BYTES = 64;
const HASH_BYTES = 32;
/** RFC 2104 §2. */
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;

/**
 * HMAC-SHA256 (RFC 2104) of texts in UTF-8, in base64, by one key that is no longer than a block.
 *
 * With two calls of `hash`, since `createHmac` makes an object of OpenSSL's for each text, which costs a sender of many
 * webhooks more than the hashing.
 *
 * @throws RangeError for a longer key
 */
export function hmacSha256(key: Uint8Array): (content: string) => string {
  if (key.length > BLOCK_BYTES) throw new RangeError(`A key has at most ${BLOCK_BYTES} bytes`);
  const padded = (pad: number): Uint8Array =>
    Uint8Array.from({ length: BLOCK_BYTES }, (_, place) => (key[place] ?? 0) ^ pad);
  const innerKey = padded(INNER_PAD);
  const outer = Buffer.alloc(BLOCK_BYTES + HASH_BYTES);
  outer.set(padded(OUTER_PAD));
  return (content) => {
    const inner = Buffer.allocUnsafe(BLOCK_BYTES + Buffer.byteLength(content));
    inner.set(innerKey);
    inner.write(content, BLOCK_BYTES, 'utf8');
    outer.set(hash('sha256', inner, 'buffer'), BLOCK_BYTES);
    return hash('sha256', outer, 'base64');
  };
}
