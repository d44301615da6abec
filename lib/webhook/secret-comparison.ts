import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * The secrets that a request can present at all.
 *
 * HTTP strips the whitespace around a header's value, so the newline that a secret file ends with must go here too;
 * an empty secret would let in everybody who sends an empty header.
 */
export function usableSecrets(secret: string | readonly string[] | undefined): readonly string[] {
  if (secret === undefined) return [];
  const secrets = typeof secret === 'string' ? [secret] : secret;
  return secrets.map((each) => each.trim()).filter((each) => each !== '');
}

/**
 * Whether `presented` equals one of `accepted`, in a time that tells nothing about either.
 *
 * Digests have one length, which `timingSafeEqual` needs and which hides the length of the secret;
 * every secret is compared, so that the time does not tell which one matched.
 */
export function matchesAnySecret(presented: string, accepted: readonly string[]): boolean {
  const digest = sha256(presented);
  let matches = false;
  for (const secret of accepted) {
    matches = timingSafeEqual(digest, sha256(secret)) || matches;
  }
  return matches;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
