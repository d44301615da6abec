// @ts-check
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';

/** Rows that all writers change, so that they meet. */
const SHARED_ROWS = 40;
const MOST_AT_ONCE = 20;
/** Slower than hanging requests and dead dispatchers let one trigger deliver: what waits must not grow all the time. */
const LONGEST_REST_MS = 100;

/** The table, and beside it what was committed: by the same transactions, so that it is true after any crash. */
export const TABLES = `
create table account (row integer primary key, version integer not null, token text not null);
create table history (row integer not null, version integer not null, token text not null);
create index on history (row, version);
create sequence new_row start ${SHARED_ROWS + 1};
insert into account select n, 0, 'begin-' || n from generate_series(1, ${SHARED_ROWS}) n;`;

const CHANGE = `
with changed as (
  update account a
     set version = a.version + 1,
         token = $2 || '-' || a.row
   where a.row = any ($1)
  returning a.*
)
insert into history select c.row, c.version, c.token from changed c`;

const INSERT = `
with inserted as (
  insert into account select nextval('new_row'), 1, $1 || '-' || n from generate_series(1, $2) n
  returning *
)
insert into history select i.row, i.version, i.token from inserted i`;

const DELETE = `
with doomed as (
  select a.row from account a where a.row > ${SHARED_ROWS} order by a.row limit 1 for update skip locked
),
deleted as (
  delete from account a using doomed d where a.row = d.row returning a.*
)
insert into history select d.row, d.version + 1, d.token || '-' from deleted d`;

/** A connection that writes whatever comes to its mind, and connects again when it is cut. */
export class Writer {
  committed = 0;
  longest = 0;
  #stopping = false;

  /**
   * @param {string} url
   * @param {import('../support/random.mjs').Random} random
   * @param {boolean} isAsynchronous whether a crash of Postgres may forget what it was told is committed
   */
  constructor(url, random, isAsynchronous) {
    this.url = url;
    this.random = random;
    this.isAsynchronous = isAsynchronous;
  }

  stop() {
    this.#stopping = true;
  }

  async run() {
    while (!this.#stopping) {
      const client = new pg.Client({ connectionString: this.url, connectionTimeoutMillis: 5_000 });
      client.on('error', () => undefined);
      try {
        await client.connect();
        await client.query(`set synchronous_commit = ${this.isAsynchronous ? 'off' : 'on'}`);
        while (!this.#stopping) await this.#transaction(client);
      } catch {
        await pause(200);
      } finally {
        await client.end().catch(() => undefined);
      }
    }
  }

  /** @param {pg.Client} client */
  async #transaction(client) {
    const { random } = this;
    const before = performance.now();
    await client.query('begin');
    const steps = random.between(1, 4);
    for (let step = 0; step < steps; step += 1) await this.#step(client);
    if (random.next() < 0.05) await pause(random.between(50, 1_500));
    if (random.next() < 0.12) {
      await client.query('rollback');
    } else {
      await client.query('commit');
      this.committed += 1;
    }
    this.longest = Math.max(this.longest, performance.now() - before);
    await pause(random.between(0, LONGEST_REST_MS));
  }

  /** @param {pg.Client} client */
  async #step(client) {
    const { random } = this;
    const luck = random.next();
    if (luck < 0.1) await client.query(INSERT, [randomUUID(), random.between(1, MOST_AT_ONCE)]);
    else if (luck < 0.2) await client.query(DELETE);
    else if (luck < 0.3) {
      await client.query('savepoint s');
      await this.#change(client);
      await client.query(random.next() < 0.5 ? 'rollback to s' : 'release s');
    } else await this.#change(client);
  }

  /**
   * Rows in one order for all writers, or they would wait for each other.
   *
   * @param {pg.Client} client
   */
  async #change(client) {
    const { random } = this;
    const count = random.next() < 0.1 ? random.between(2, MOST_AT_ONCE) : 1;
    const rows = Array.from({ length: count }, () => random.between(1, SHARED_ROWS));
    await client.query(CHANGE, [[...new Set(rows)], randomUUID()]);
  }
}
