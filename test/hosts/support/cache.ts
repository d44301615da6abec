import { createHash, type BinaryLike } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));

export const hashOf = (...parts: readonly BinaryLike[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

/**
 * Where installations stay between runs. Not in the repository: Node looks for packages in every folder above,
 * and would find those of the repository where a host lacks one.
 */
export const CACHE = join(
  tmpdir(),
  `nestjs-event-triggers-hosts-${hashOf(REPOSITORY).slice(0, 8)}`,
);

/** @throws Error where somebody else has made it: what is in it will be run */
export function makeCache(): void {
  mkdirSync(CACHE, { recursive: true, mode: 0o755 });
  const { uid } = lstatSync(CACHE);
  if (process.getuid === undefined || uid === process.getuid()) return;
  throw new Error(`${CACHE} belongs to the user ${uid}. Remove it, or set TMPDIR.`);
}

/** Does the work unless it was done from the same inputs; `mark` is a file beside what it makes. */
export function unlessDone(mark: string, inputs: string, work: () => void): void {
  if (existsSync(mark) && readFileSync(mark, 'utf8') === inputs) return;
  work();
  writeFileSync(mark, inputs);
}
