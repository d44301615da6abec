import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { runNpm } from '../../support/npm.mjs';
import { oneAtATime } from '../../support/one-at-a-time.js';
import { CACHE, hashOf, unlessDone } from './cache.js';

const INSTALLS = fileURLToPath(new URL('../installs', import.meta.url));
/** Whatever NODE_ENV or the user's configuration leaves out elsewhere, and without a script of anybody. */
const COMPLETELY = [
  '--include=dev',
  '--include=optional',
  '--include=peer',
  '--ignore-scripts',
  '--prefer-offline',
  '--no-audit',
  '--no-fund',
];

/** The hosts that there are, by the folders that say what they have installed. */
export type Host = 'nest-11' | 'nest-12';

/** Installs exactly what a folder of `installs` says, unless that was done before, and returns where. */
export async function installed(name: string): Promise<string> {
  return await oneAtATime(`installing ${name}`, () => install(name));
}

/** The same for a host, and the packed package as its users install it. */
export async function installedHost(name: Host): Promise<string> {
  return await oneAtATime(`installing ${name}`, () => {
    const folder = install(name);
    const packed = inject('packedPackage');
    unlessDone(join(folder, 'node_modules', '.packed'), hashOf(readFileSync(packed)), () => {
      // Here npm says so where the peers of the package are not what the host has.
      runNpm(['install', '--no-save', ...COMPLETELY, packed], { cwd: folder, stdio: 'pipe' });
    });
    return folder;
  });
}

function install(name: string): string {
  const folder = join(CACHE, name);
  const files = ['package.json', 'package-lock.json'];
  const inputs = hashOf(...files.map((file) => readFileSync(join(INSTALLS, name, file))));
  mkdirSync(folder, { recursive: true });
  unlessDone(join(folder, 'node_modules', '.locked'), inputs, () => {
    for (const file of files) copyFileSync(join(INSTALLS, name, file), join(folder, file));
    runNpm(['ci', ...COMPLETELY], { cwd: folder, stdio: 'pipe' });
  });
  return folder;
}
