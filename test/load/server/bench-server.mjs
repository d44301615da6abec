// @ts-check
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { cpuOfFamily } from '../processes/cpu.mjs';
import { startPostgres } from '../../support/postgres/start-postgres.mjs';
import { BenchDatabase } from './bench-database.mjs';

/**
 * As in production: a power cut loses nothing. The buffers hold all that a round touches, and no checkpoint
 * falls into a round by its size.
 */
const SETTINGS = {
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  autovacuum: 'on',
  shared_buffers: '512MB',
  max_wal_size: '4GB',
  checkpoint_timeout: '15min',
};

const NAME_BYTES = 4;

/** A Postgres of our own, or databases of our own on the one that DATABASE_URL names. */
export class BenchServer {
  /** @type {Set<BenchDatabase>} */
  #databases = new Set();
  #prefix = `event_triggers_bench_${randomBytes(NAME_BYTES).toString('hex')}`;
  #created = 0;

  /**
   * @param {string} url
   * @param {() => Promise<void>} stop
   * @param {number | null} process of the server
   */
  constructor(url, stop, process) {
    this.url = url;
    this.stopServer = stop;
    this.process = process;
  }

  static async start() {
    const given = process.env['DATABASE_URL'];
    if (given) return new BenchServer(given, async () => {}, null);
    const postgres = await startPostgres({ settings: SETTINGS });
    return new BenchServer(postgres.url, () => postgres.stop(), postgres.pid);
  }

  /**
   * Milliseconds of CPU that Postgres has used so far, ended sessions included. Where the system has no /proc, and on a
   * server of somebody else's, not a number.
   */
  async cpu() {
    return this.process === null ? Number.NaN : await cpuOfFamily(this.process);
  }

  /** @param {BenchDatabase} [template] to which nobody is connected */
  async createDatabase(template) {
    const name = `${this.#prefix}_${++this.#created}`;
    await template?.disconnect();
    await this.query(
      `create database ${pg.escapeIdentifier(name)} template ${pg.escapeIdentifier(template?.name ?? 'template1')}`,
    );
    const url = new URL(this.url);
    url.pathname = `/${name}`;
    const database = new BenchDatabase(name, url.href, async () => {
      this.#databases.delete(database);
      await this.query(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`);
    });
    this.#databases.add(database);
    return database;
  }

  /** @param {string} statement */
  async query(statement) {
    await this.use((client) => client.query(statement));
  }

  /**
   * @template Result
   * @param {(client: pg.Client) => Promise<Result>} work
   */
  async use(work) {
    const client = new pg.Client(this.url);
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  async stop() {
    for (const database of this.#databases) await database.drop();
    await this.stopServer();
  }
}
