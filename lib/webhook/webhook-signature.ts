import { createHmac, timingSafeEqual, verify } from 'node:crypto';
import type { SigningKey } from '../signing-key.js';

/** The headers and the bytes that a signature covers; undefined what did not come, or came twice. */
export interface SignedRequest {
  readonly id: string | undefined;
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
  readonly body: Uint8Array;
}

/** Seconds since 1970, without a sign or a fraction. */
const TIMESTAMP = /^\d{1,12}$/;
/** One for each key of a sender that changes them; more would only cost time. */
const MOST_ITEMS = 16;

/**
 * Whether one of the keys has signed the request, within `tolerance` seconds of `now` (milliseconds since 1970) in
 * either direction. By Standard Webhooks 1.0.0: the header is a list, of which one item has to match.
 *
 * Every key is tried, so that the time does not tell which one matched.
 */
export function isSigned(
  { id, timestamp, signature, body }: SignedRequest,
  keys: readonly SigningKey[],
  now: number,
  tolerance: number,
): boolean {
  if (id === undefined || timestamp === undefined || signature === undefined) return false;
  if (!TIMESTAMP.test(timestamp)) return false;
  if (Math.abs(now / 1_000 - Number(timestamp)) > tolerance) return false;
  const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  const items = signature.split(' ').slice(0, MOST_ITEMS);
  let matches = false;
  for (const key of keys) {
    const matcher = matcherOf(key, content);
    for (const item of items) matches = matcher(item) || matches;
  }
  return matches;
}

function matcherOf(key: SigningKey, content: Buffer): (item: string) => boolean {
  if (key.kind === 'hmac') {
    const expected = createHmac('sha256', key.secret).update(content).digest();
    return (item) => {
      const given = bytesOf(item, 'v1,');
      return given.length === expected.length && timingSafeEqual(given, expected);
    };
  }
  return (item) => {
    const given = bytesOf(item, 'v1a,');
    return given.length > 0 && verify(null, content, key.publicKey, given);
  };
}

const bytesOf = (item: string, version: string): Buffer =>
  item.startsWith(version) ? Buffer.from(item.slice(version.length), 'base64') : Buffer.alloc(0);
