import { createHash } from 'node:crypto';
import { callbackify } from 'node:util';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { EventTriggersError } from './event-triggers.errors.js';
import { ServerTimeline } from './server-timeline.js';

/** One for the dispatcher's loop, one for the upkeep that must not wait behind a large page. */
const CONNECTIONS = 2;

/** Longer than a failover takes to refuse; the next turn tries again. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Longer than any call takes on a server that works, and shorter than the lease is by default: a connection
 * that fell silent (a host that is gone, a firewall that forgot it) would else be waited for without end.
 */
const ANSWER_WITHIN_MS = 10_000;

/** A connection that is idle for so long is asked by the system whether the other side is still there. */
const PROBE_AFTER_MS = 10_000;

/**
 * What a server says of a named statement that another session has, or that this one has already: a pooler hands
 * sessions around. Both come before anything was executed.
 */
const NAME_OF_ANOTHER_SESSION: ReadonlySet<unknown> = new Set(['26000', '42P05']);

/** Of a hash, enough that two statements never share a name. */
const NAME_DIGITS = 16;

/** A row as Postgres printed it: every column text or null, in the order of the statement. */
export type TextRow = readonly (string | null)[];

/** Columns stay the text that came over the wire: most of it is only passed on. */
const unparsed = { getTypeParser: () => (text: string) => text };

/**
 * The connections that belong to this package alone.
 *
 * They are made from the data source's own options (TLS, password function, the primary of a replicated
 * set), but are never the host's pool: a busy application must not keep its events from going out, nor a
 * dispatcher the application from its queries.
 */
export class Database {
  private readonly pool: pg.Pool;
  private readonly timeline = new ServerTimeline();
  private readonly names = new Map<string, string>();
  private keepsNames = true;
  private broken = 0;

  /** @param answerWithin milliseconds after which a call is given up, and its connection with it */
  constructor(
    options: pg.PoolConfig,
    private readonly answerWithin: number = ANSWER_WITHIN_MS,
  ) {
    this.pool = new pg.Pool({
      ...options,
      // A pool keeps it where a spread does not see it.
      password: options.password,
      max: CONNECTIONS,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      min: 0,
      application_name: 'event-triggers',
      allowExitOnIdle: false,
      keepAlive: true,
      keepAliveInitialDelayMillis: PROBE_AFTER_MS,
      verify: callbackify((client: pg.ClientBase) => this.timeline.check(client, answerWithin)),
    });
    // An idle connection that breaks is replaced by the next query; without a listener it ends the process.
    this.pool.on('error', () => {
      this.broken += 1;
    });
  }

  /** How many connections broke while nobody used them: the server may have restarted since. */
  get brokenWhileIdle(): number {
    return this.broken;
  }

  /**
   * The primary of `dataSource`, which must be connected.
   */
  static of(dataSource: DataSource): Database {
    if (!['postgres', 'aurora-postgres'].includes(dataSource.options.type)) {
      throw new EventTriggersError(
        'ET_NOT_POSTGRES',
        `The data source is of type ${dataSource.options.type}; event triggers need Postgres`,
        { hint: 'Name a Postgres data source with forRoot({ dataSource }).' },
      );
    }
    const { master } = dataSource.driver as PostgresDriver;
    return new Database((master as pg.Pool).options);
  }

  async query<Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const { rows } = await this.pool.query({
      text,
      values: [...values],
      query_timeout: this.answerWithin,
    } as pg.QueryConfig);
    return rows as Row[];
  }

  /**
   * Runs a statement that is planned once per connection and returns its rows unparsed. Where a pooler hands sessions
   * around, it is planned each time.
   */
  async run(
    name: string,
    text: string,
    values: readonly (string | number | null)[],
  ): Promise<TextRow[]> {
    const config = {
      text,
      values: [...values],
      rowMode: 'array',
      types: unparsed,
      query_timeout: this.answerWithin,
    };
    if (this.keepsNames) {
      try {
        return await this.rowsOf({ ...config, name: this.nameOf(name, text) });
      } catch (error) {
        if (!NAME_OF_ANOTHER_SESSION.has((error as { code?: unknown }).code)) throw error;
        this.keepsNames = false;
      }
    }
    return await this.rowsOf(config);
  }

  private async rowsOf(config: object): Promise<TextRow[]> {
    const { rows } = await this.pool.query(config as pg.QueryArrayConfig);
    return rows as TextRow[];
  }

  /** The same for the same text only: behind a pooler a session may know a name from another schema or release. */
  private nameOf(name: string, text: string): string {
    let complete = this.names.get(text);
    if (complete === undefined) {
      const hash = createHash('sha256').update(text).digest('hex').slice(0, NAME_DIGITS);
      complete = `${name}:${hash}`;
      this.names.set(text, complete);
    }
    return complete;
  }

  /** Lends one connection, for work that has to stay on it. */
  async use<Result>(work: (connection: pg.PoolClient) => Promise<Result>): Promise<Result> {
    const connection = await this.pool.connect();
    let broken: Error | undefined;
    const remember = (error: Error): void => {
      broken = error;
    };
    connection.on('error', remember);
    try {
      return await work(connection);
    } finally {
      connection.removeListener('error', remember);
      connection.release(broken);
    }
  }

  /** One more connection, not of the pool and not connected yet; to `url` where the pool's way is not direct. */
  dedicated(url?: string): pg.Client {
    const { password, ...options } = this.pool.options;
    return new pg.Client({
      ...(url === undefined ? { ...options, password } : { connectionString: url }),
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      application_name: 'event-triggers',
      keepAlive: true,
      keepAliveInitialDelayMillis: PROBE_AFTER_MS,
    } as pg.ClientConfig);
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}
