import { createHash } from 'node:crypto';

/** The second half of an advisory key: what is locked. Triggers use their own number, which is above 0. */
export const LOCK = { tick: 0, migrate: -1, attach: -2, keep: -3 } as const;

/**
 * The first half of every advisory key: derived from the schema's name, so that two installations in one
 * database do not wait for each other.
 */
export function advisoryKey(schema: string): number {
  return createHash('sha256').update(`event triggers: ${schema}`).digest().readInt32BE(0);
}
