// @ts-check
import pg from 'pg';

/** One of its own per round, so that every count in it is a count of that round. */
export class BenchDatabase {
  /** @type {pg.Client | undefined} */
  #client;

  /**
   * @param {string} name
   * @param {string} url
   * @param {() => Promise<void>} remove
   */
  constructor(name, url, remove) {
    this.name = name;
    this.url = url;
    this.remove = remove;
  }

  /**
   * @template {pg.QueryResultRow} [Row=any]
   * @param {string} statement
   * @param {unknown[]} [values]
   * @returns {Promise<Row[]>}
   */
  async query(statement, values) {
    if (this.#client === undefined) {
      this.#client = new pg.Client(this.url);
      await this.#client.connect();
    }
    const { rows } = await this.#client.query(statement, values);
    return rows;
  }

  /** Bytes of write-ahead log so far, those of the whole server. */
  async walBytes() {
    const [row] = await this.query(
      `select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as bytes`,
    );
    return Number(row?.bytes);
  }

  /**
   * Rows that were updated or deleted in a schema: each leaves a dead one behind. Sessions report them when
   * they end.
   *
   * @param {string} schema
   */
  async deadRows(schema) {
    const [row] = await this.query(
      `select coalesce(sum(n_tup_upd + n_tup_del), 0)::float8 as dead
         from pg_stat_user_tables
        where schemaname = $1`,
      [schema],
    );
    return Number(row?.dead);
  }

  async disconnect() {
    await this.#client?.end();
    this.#client = undefined;
  }

  async drop() {
    await this.disconnect();
    await this.remove();
  }
}
