// @ts-check
/**
 * Brings node_modules in line with package-lock.json, so that `npm start` and `npm test`
 * work on a fresh clone. Only Node's own modules may be used here.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runNpm } from './npm.mjs';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

/** Wanted whatever NODE_ENV or the user's configuration leaves out elsewhere. */
const EVERYTHING = ['--include=dev', '--include=optional', '--include=peer'];

/**
 * @typedef {object} LockedPackage
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {boolean} [optional]
 * @property {string[]} [os]
 * @property {string[]} [cpu]
 * @property {string[]} [libc]
 */

export function installMissing() {
  const [missing] = missingPackages();
  if (!missing) return;
  console.log(`Installing dependencies: ${missing} is not there yet`);
  runNpm(['ci', ...EVERYTHING, '--no-audit', '--no-fund'], { cwd: REPOSITORY });
}

/** @returns {string[]} */
function missingPackages() {
  const wanted = packagesOf('package-lock.json');
  // npm writes this one last, so an interrupted installation has none.
  const installed = packagesOf('node_modules/.package-lock.json');
  return Object.entries(wanted)
    .filter(([path, locked]) => path !== '' && isForThisPlatform(locked))
    .filter(([path, { version, integrity }]) => {
      const found = installed[path];
      return found?.version !== version || (integrity && found?.integrity !== integrity);
    })
    .map(([path]) => path);
}

/**
 * @param {string} lockFile
 * @returns {Record<string, LockedPackage>}
 */
function packagesOf(lockFile) {
  const path = `${REPOSITORY}/${lockFile}`;
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : {};
}

/**
 * Optional packages are binaries for one platform each, and what those need in turn. npm
 * alone knows the C library, so such packages are left to it.
 *
 * @param {LockedPackage} locked
 */
function isForThisPlatform({ optional, os, cpu, libc }) {
  if (!optional) return true;
  if (!os || !cpu || libc) return false;
  return os.includes(process.platform) && cpu.includes(process.arch);
}
