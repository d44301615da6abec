// @ts-check
/**
 * The process that owns one Postgres server for start-postgres.mjs.
 *
 * Its inter-process channel breaks when the parent ends, however that happens; then it
 * stops the server and removes the temporary files, so that nothing is left behind.
 */
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { serverBinaries } from './binaries.mjs';
import { Cluster } from './cluster.mjs';
import { serverUser, temporaryDirectoryOf } from './server-user.mjs';

/** @typedef {import('./start-postgres.mjs').PostgresOptions & { version: string }} StartOptions */
/**
 * @typedef {{ command: 'start', options: StartOptions }
 *   | { command: 'restart', mode: 'fast' | 'immediate' }
 *   | { command: 'stop' }} KeeperRequest
 */

/** @type {Cluster | undefined} */
let cluster;
/** @type {string | undefined} */
let scratch;
/** One request at a time: a stop that arrives during the start waits for it. */
let work = Promise.resolve();

process.on('message', (request) => enqueue(/** @type {KeeperRequest} */ (request)));
for (const ending of ['disconnect', 'SIGTERM', 'SIGINT', 'SIGHUP']) {
  process.on(ending, () => enqueue({ command: 'stop' }));
}

/** @param {KeeperRequest} request */
function enqueue(request) {
  work = work.then(() => carryOut(request)).catch(giveUp);
}

/** @param {KeeperRequest} request */
async function carryOut(request) {
  if (request.command === 'stop') return stopAndLeave();
  if (request.command === 'start') cluster = await createCluster(request.options);
  if (!cluster) throw new Error('Postgres has to be started before anything else');
  await (request.command === 'start' ? cluster.start() : cluster.restart(request.mode));
  reply({ facts: await cluster.facts() });
}

/** @param {StartOptions} options */
async function createCluster(options) {
  const user = serverUser();
  scratch = await mkdtemp(join(await temporaryDirectoryOf(user), 'event-triggers-postgres-'));
  if (user) await chown(scratch, user.uid, user.gid);
  const { version, installedIn } = options;
  const binDirectory = await serverBinaries({ version, installedIn, user, scratch });
  return new Cluster({ ...options, user, scratch, binDirectory });
}

async function stopAndLeave() {
  try {
    await cluster?.stop();
  } finally {
    if (scratch) await rm(scratch, { recursive: true, force: true, maxRetries: 3 });
  }
  process.exit(0);
}

/** @param {unknown} error */
async function giveUp(error) {
  reply({ failure: error instanceof Error ? error.message : String(error) });
  await stopAndLeave().finally(() => process.exit(1));
}

/** @param {import('./start-postgres.mjs').KeeperReply} message */
function reply(message) {
  if (process.connected) process.send?.(message);
}
