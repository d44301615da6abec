// @ts-check
/** One Postgres data directory and the server that runs on it, driven through pg_ctl. */
import { chown, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../free-port.mjs';
import { runServerTool } from './server-tool.mjs';

const HOST = '127.0.0.1';
const SUPERUSER = 'postgres';

/** Another process may take the free port between our look and the server's bind. */
const PORT_ATTEMPTS = 5;
/** A first start takes under a second; a machine under full load may need many. */
const START_SECONDS = 60;
/** A fast stop ends all sessions at once; whoever needs longer is ended hard. */
const STOP_SECONDS = 10;

/**
 * The data does not outlive the server, so nothing needs to survive a power cut. What
 * programs can observe (commit order, visibility) is left as in production.
 */
const DEFAULT_SETTINGS = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'on',
  listen_addresses: HOST,
  unix_socket_directories: '',
  // Parallel test files, each with replicas that hold a pool of connections.
  max_connections: 200,
  timezone: 'UTC',
  log_timezone: 'UTC',
};

/**
 * @typedef {object} ClusterOptions
 * @property {string} binDirectory
 * @property {string} scratch Temporary folder of this server, writable for its user.
 * @property {import('./server-user.mjs').ServerUser | undefined} user
 * @property {string} [dataDirectory]
 * @property {string} [password]
 * @property {Record<string, string | number>} [settings]
 */

export class Cluster {
  /** @param {ClusterOptions} options */
  constructor(options) {
    this.options = options;
    this.dataDirectory = options.dataDirectory ?? join(options.scratch, 'data');
    this.logFile = join(options.scratch, 'server.log');
    this.port = 0;
    this.mayRun = false;
  }

  async start() {
    await this.initialise();
    for (let attempt = 1; ; attempt++) {
      this.port = await freePort(HOST);
      try {
        await this.control('start', '-w', '-t', `${START_SECONDS}`, '-o', `-p ${this.port}`);
        return;
      } catch (error) {
        if (attempt === PORT_ATTEMPTS || !(await this.portWasTaken())) throw error;
      }
    }
  }

  /** @param {'fast' | 'immediate'} mode */
  async restart(mode) {
    await this.control('restart', '-w', '-t', `${START_SECONDS}`, '-m', mode);
  }

  async stop() {
    if (!this.mayRun || !(await this.isRunning())) return;
    await this.control('stop', '-w', '-t', `${STOP_SECONDS}`, '-m', 'fast').catch(() =>
      this.control('stop', '-w', '-t', `${STOP_SECONDS}`, '-m', 'immediate'),
    );
  }

  async facts() {
    const { binDirectory, password } = this.options;
    const login = password ? `${SUPERUSER}:${encodeURIComponent(password)}` : SUPERUSER;
    return {
      url: `postgres://${login}@${HOST}:${this.port}/postgres`,
      host: HOST,
      port: this.port,
      pid: await this.pid(),
      binDirectory,
      dataDirectory: this.dataDirectory,
      logFile: this.logFile,
    };
  }

  async initialise() {
    if (await exists(join(this.dataDirectory, 'PG_VERSION'))) return;
    const { user, password, scratch } = this.options;
    await mkdir(this.dataDirectory, { recursive: true, mode: 0o700 });
    if (user) await chown(this.dataDirectory, user.uid, user.gid);

    const authentication = password ? 'scram-sha-256' : 'trust';
    const settings = ['-U', SUPERUSER, '-A', authentication, '-E', 'UTF8', '--locale=C', '-N'];
    if (password) {
      const passwordFile = join(scratch, 'password');
      await writeFile(passwordFile, password, { mode: 0o600 });
      if (user) await chown(passwordFile, user.uid, user.gid);
      settings.push(`--pwfile=${passwordFile}`);
    }
    await this.run('initdb', '-D', this.dataDirectory, ...settings);
    await writeFile(join(this.dataDirectory, 'postgresql.conf'), this.configuration(), {
      flag: 'a',
    });
  }

  configuration() {
    const settings = Object.entries({ ...DEFAULT_SETTINGS, ...this.options.settings });
    const lines = settings.map(
      ([name, value]) => `${name} = '${`${value}`.replaceAll("'", "''")}'`,
    );
    return `\n${lines.join('\n')}\n`;
  }

  /** @param {string[]} parameters */
  async control(...parameters) {
    this.mayRun = true;
    await this.run('pg_ctl', '-D', this.dataDirectory, '-l', this.logFile, ...parameters);
  }

  /**
   * @param {string} tool
   * @param {string[]} parameters
   */
  async run(tool, ...parameters) {
    const { binDirectory, scratch, user } = this.options;
    await runServerTool(join(binDirectory, tool), parameters, {
      user,
      workingDirectory: scratch,
      serverLog: this.logFile,
    });
  }

  async isRunning() {
    return this.run('pg_ctl', '-D', this.dataDirectory, 'status').then(
      () => true,
      () => false,
    );
  }

  async portWasTaken() {
    const log = await readFile(this.logFile, 'utf8').catch(() => '');
    return log.includes('could not bind');
  }

  async pid() {
    const [firstLine = ''] = (
      await readFile(join(this.dataDirectory, 'postmaster.pid'), 'utf8')
    ).split('\n');
    return Number(firstLine);
  }
}

/** @param {string} path */
async function exists(path) {
  return stat(path).then(
    () => true,
    () => false,
  );
}
