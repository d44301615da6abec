import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { installed } from './installation.js';

/** The major versions, of which the first is the oldest release that the package promises to run on. */
export const NODE_RELEASES = ['20', '22', '24'] as const;
export type NodeRelease = (typeof NODE_RELEASES)[number];

/** Where the registry has Node as a package of exactly the versions that are locked. */
export const hasNodeReleases =
  process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);

/** The program of a release. */
export async function nodeRelease(release: NodeRelease): Promise<string> {
  const folder = await installed('node');
  const name = `node-${release}-${process.platform}-${process.arch}`;
  const program = join(folder, 'node_modules', name, 'bin', 'node');
  if (existsSync(program)) return program;
  throw new Error(`Expected ${name} to bring ${program}; npm leaves it out with omit=optional`);
}
