import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type pg from 'pg';
import type { Database } from '../../database.js';
import type { QuotedIdentifier } from '../../schema/identifier.js';
import type { State } from '../../state-log.js';

/** After a connection that failed: soon again, then more slowly, and not all replicas in step. */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [500, 30_000] as const;
/** A connection that has fallen silent is noticed after two of these. */
const PROBE_EVERY_MS = 30_000;
/** Longer than a notification takes; through a pooler that hands sessions around none comes at all. */
const PROBE_WITHIN_MS = 3_000;
const PROBE = 'probe:';
const DEFINITIONS = 'definitions';
const AWAKE = 'awake';
/** For a goodbye; a connection that has fallen silent would be waited for without end. */
const END_WITHIN_MS = 500;

/** What a listener hears. */
export interface Hearing {
  /** Rows have changed. */
  rows(): void;
  /** Another dispatcher is awake, so that changes notify nobody, or something may have been missed. */
  doubt(): void;
  /** Definitions have changed. */
  definitions(): void;
  /** After a connection that failed it hears again. */
  reconnected(): void;
}

export interface ListenerLog {
  log(sentence: string, state: State): void;
  warn(sentence: string, state: State): void;
}

/**
 * One connection that listens.
 *
 * It never stands in the way: without it dispatchers poll. It believes nothing but a notification of its own
 * that came through, because LISTEN seems to work behind a pooler that will never pass anything on. It is sent
 * as changes are: on another connection, since a session hears itself behind a pooler too, and on the terms of a
 * change, which may not notify on every server.
 */
export class WakeUpListener {
  private client: pg.Client | null = null;
  private timer: NodeJS.Timeout | undefined;
  private probe: { readonly payload: string; readonly heard: () => void } | null = null;
  private working = false;
  private closed = false;
  private failures = 0;
  private hearing: Hearing = {
    rows: () => undefined,
    doubt: () => undefined,
    definitions: () => undefined,
    reconnected: () => undefined,
  };

  constructor(
    private readonly connect: () => pg.Client,
    private readonly database: Database,
    private readonly schema: QuotedIdentifier,
    private readonly log: ListenerLog,
  ) {}

  /** Whether notifications come through. */
  get isWorking(): boolean {
    return this.working;
  }

  /** Begins to listen, and goes on whatever happens to the connection. */
  start(hearing: Hearing): void {
    this.hearing = hearing;
    void this.open();
  }

  async stop(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    const { client } = this;
    this.forget();
    if (client !== null) await hangUp(client);
  }

  private async open(): Promise<void> {
    const client = this.connect();
    this.client = client;
    client.on('error', () => this.lose(client));
    client.on('end', () => this.lose(client));
    client.on('notification', ({ payload = '' }) => this.hear(payload));
    try {
      await client.connect();
      await client.query(`listen ${this.schema}`);
      await this.check();
    } catch {
      this.lose(client);
      return;
    }
    if (this.client !== client) return;
    this.working = true;
    if (this.failures > 0) {
      this.log.log('The dispatcher is woken by notifications again', { code: 'listening' });
      this.hearing.reconnected();
    }
    this.failures = 0;
    this.hearing.definitions();
    this.hearing.doubt();
    this.timer = setTimeout(() => void this.checkAgain(client), PROBE_EVERY_MS);
  }

  private async checkAgain(client: pg.Client): Promise<void> {
    try {
      await this.check();
    } catch {
      this.lose(client);
      return;
    }
    if (this.client === client)
      this.timer = setTimeout(() => void this.checkAgain(client), PROBE_EVERY_MS);
  }

  /** Rejects unless a notification comes in time. */
  private async check(): Promise<void> {
    const payload = PROBE + randomUUID();
    await new Promise<void>((resolve, reject) => {
      let deadline: NodeJS.Timeout | undefined;
      const probe = {
        payload,
        heard: (): void => {
          this.probe = null;
          clearTimeout(deadline);
          resolve();
        },
      };
      this.probe = probe;
      const sent = (): void => {
        // It is heard, or nobody listens any more.
        if (this.probe !== probe) return;
        deadline = setTimeout(() => reject(new Error('no notification came')), PROBE_WITHIN_MS);
        deadline.unref();
      };
      // It may have to wait for a connection, which says nothing about notifications.
      this.database
        .query(`select pg_notify($1, $2) where ${this.schema}.may_notify_v1()`, [
          unquoted(this.schema),
          payload,
        ])
        .then(sent, reject);
    });
  }

  private hear(payload: string): void {
    if (payload.startsWith(PROBE)) {
      if (payload === this.probe?.payload) this.probe.heard();
    } else if (payload === DEFINITIONS) this.hearing.definitions();
    else if (payload === AWAKE) this.hearing.doubt();
    else this.hearing.rows();
  }

  private lose(client: pg.Client): void {
    if (this.client !== client || this.closed) return;
    this.forget();
    void hangUp(client);
    this.failures += 1;
    if (this.failures === 1)
      this.log.warn(
        'The dispatcher cannot be woken by notifications and polls: behind a pooler, give it a direct way with dispatcher.listenUrl; where max_prepared_transactions is not 0, a change may notify nobody',
        { code: 'polling' },
      );
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(this.failures - 1, 10));
    this.timer = setTimeout(() => void this.open(), pause * (0.5 + Math.random() / 2));
    // It polls from here on.
    this.hearing.doubt();
  }

  private forget(): void {
    clearTimeout(this.timer);
    this.client = null;
    this.working = false;
    this.probe = null;
  }
}

async function hangUp(client: pg.Client): Promise<void> {
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  const cut = setTimeout(() => stream.destroy(), END_WITHIN_MS);
  await client.end().catch(() => undefined);
  clearTimeout(cut);
}

const unquoted = (identifier: string): string => identifier.slice(1, -1).replaceAll('""', '"');
