// @ts-check
/**
 * A real Postgres server out of node_modules, for `npm test` and `npm start` alike.
 *
 * Plain JavaScript, because `npm start` needs it before anything has been built.
 * The server belongs to a keeper process of its own (keeper.mjs), which stops it and
 * removes its files when this process ends for any reason, `kill -9` included.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} PostgresOptions
 * @property {string} [version] Major version: '18' or '15'. Default: the variable POSTGRES_VERSION, then 18.
 * @property {string} [installedIn] A folder in whose node_modules other versions are, as `postgres-16-linux-x64`. Default: this repository.
 * @property {string} [dataDirectory] Where the data stays after the stop. Default: a temporary folder, removed at the stop.
 * @property {string} [password] Asked for on every connection. Default: none, whoever reaches the loopback address is trusted.
 * @property {Record<string, string | number>} [settings] Lines for postgresql.conf, over the defaults of cluster.mjs.
 */

/**
 * @typedef {object} RunningPostgres
 * @property {string} url Connection string of the superuser.
 * @property {string} host
 * @property {number} port
 * @property {number} pid Process id of the server; a restart changes it.
 * @property {string} binDirectory Where initdb, pg_ctl and postgres are.
 * @property {string} dataDirectory
 * @property {string} logFile
 * @property {() => Promise<void>} stop Ends all connections, then the server; safe to call twice.
 * @property {(options?: { mode?: 'fast' | 'immediate' }) => Promise<void>} restart Same port and data; 'immediate' is a crash with recovery.
 */

/** @typedef {Omit<RunningPostgres, 'stop' | 'restart'>} ServerFacts */
/** @typedef {{ facts: ServerFacts } | { failure: string }} KeeperReply */

const DEFAULT_VERSION = '18';
const KEEPER = fileURLToPath(new URL('keeper.mjs', import.meta.url));

/**
 * @param {PostgresOptions} [options]
 * @returns {Promise<RunningPostgres>}
 */
export async function startPostgres(options = {}) {
  const version = options.version ?? process.env['POSTGRES_VERSION'] ?? DEFAULT_VERSION;
  const keeper = spawn(process.execPath, [KEEPER], {
    // Out of the terminal's process group: Ctrl-C reaches the application, which still
    // needs its database to shut down.
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    // Detached, it would open a console window on Windows.
    windowsHide: true,
  });
  const ended = new Promise((resolve) => keeper.once('exit', resolve));

  return {
    ...(await ask({ command: 'start', options: { ...options, version } })),
    async stop() {
      keeper.ref();
      if (keeper.connected) keeper.send({ command: 'stop' });
      await ended;
    },
    async restart({ mode = 'fast' } = {}) {
      Object.assign(this, await ask({ command: 'restart', mode }));
    },
  };

  /**
   * @param {import('./keeper.mjs').KeeperRequest} request
   * @returns {Promise<ServerFacts>}
   */
  async function ask(request) {
    keeper.ref();
    keeper.channel?.ref();
    const reply = await new Promise((resolve, reject) => {
      keeper.once('message', resolve);
      keeper.once('error', reject);
      void ended.then((code) =>
        reject(new Error(`The keeper of Postgres ended with code ${code}`)),
      );
      keeper.send(request);
    });
    // A script that forgets to stop the server may end all the same; the keeper then stops it.
    keeper.unref();
    keeper.channel?.unref();
    const answer = /** @type {KeeperReply} */ (reply);
    if ('failure' in answer) throw new Error(answer.failure);
    return answer.facts;
  }
}
