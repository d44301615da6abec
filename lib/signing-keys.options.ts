import { signingKeysOf, type SigningKeyOption, type SigningKeys } from './signing-key.js';
import { isText } from './validation.js';

/** For a message: what signing keys are. */
export const SIGNING_KEYS_RULE =
  'a key, or a list of keys or of { key, until }, of which one at least has no until';

export function isSigningKeys(value: unknown): boolean {
  if (typeof value === 'string') return isText(value, {});
  if (!Array.isArray(value) || !value.every(isKey)) return false;
  return signingKeysOf(value as SigningKeys).some(({ until }) => until === null);
}

function isKey(value: unknown): boolean {
  if (typeof value === 'string') return isText(value, {});
  if (typeof value !== 'object' || value === null) return false;
  const { key, until, ...others } = value as Partial<SigningKeyOption>;
  return (
    isText(key, {}) &&
    (until === undefined || !Number.isNaN(new Date(until).getTime())) &&
    Object.keys(others).length === 0
  );
}
