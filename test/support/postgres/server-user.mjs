// @ts-check
/**
 * Postgres refuses to run as root. Where we are root, it runs as a user that the system
 * has anyway and that owns nothing; no account is created.
 */
import { execFileSync } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';

/** @typedef {{ uid: number, gid: number }} ServerUser */

const POWERLESS_USERS = ['nobody', 'daemon'];
const SYSTEM_TEMPORARY_DIRECTORIES = ['/tmp', '/var/tmp'];

/** @returns {ServerUser | undefined} undefined: the server runs as whoever runs this */
export function serverUser() {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of POWERLESS_USERS) {
    const user = lookUp(name);
    if (user) return user;
  }
  throw new Error(
    `Postgres cannot run as root, and none of the users ${POWERLESS_USERS.join(', ')} exists. ` +
      'Run as an ordinary user, or set DATABASE_URL to a server of your own.',
  );
}

/**
 * @param {ServerUser | undefined} user
 * @returns {Promise<string>}
 */
export async function temporaryDirectoryOf(user) {
  const candidates = [tmpdir(), ...(user ? SYSTEM_TEMPORARY_DIRECTORIES : [])];
  for (const directory of candidates) {
    if (await isOpenTo(user, directory)) return directory;
  }
  throw new Error(
    `The user ${user?.uid} that Postgres runs as can enter none of ${candidates.join(', ')}. ` +
      'Set TMPDIR to a folder that every user can enter.',
  );
}

/**
 * Whether the user can reach a path: each folder above lets it pass, and it can read the end.
 *
 * @param {ServerUser | undefined} user
 * @param {string} path
 */
export async function isOpenTo(user, path) {
  if (!user) return true;
  const READ_AND_ENTER = 0o5;
  const ENTER = 0o1;
  for (let current = path, needed = READ_AND_ENTER; ; current = dirname(current), needed = ENTER) {
    const { mode, uid, gid } = await stat(current);
    const shift = uid === user.uid ? 6 : gid === user.gid ? 3 : 0;
    if (((mode >> shift) & needed) !== needed) return false;
    if (current === dirname(current)) return true;
  }
}

/**
 * @param {string} name
 * @returns {ServerUser | undefined}
 */
function lookUp(name) {
  try {
    const id = (/** @type {string} */ flag) =>
      Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: 'pipe' }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}
