// @ts-check
import { randomUUID } from 'node:crypto';
import { published } from '../../engine/published.mjs';
import { CLAIM, COMPLETE } from './outbox.sql.mjs';

/** The engine's default page. */
const PAGE = 500;

/** What the engine's functions are pinned to; here for the session, which no pooler shares. */
const SESSION = [
  'synchronous_commit=off',
  'jit=off',
  'plan_cache_mode=force_generic_plan',
  'enable_seqscan=off',
  'enable_bitmapscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
];

/** @typedef {{ id: string, operation: string, payload: string, createdAt: string }} OutboxEvent */
/** @typedef {{ status: number, duration: number, headers: string, body: string, endedAt: number }} OutboxOutcome */
/** @typedef {(event: OutboxEvent) => Promise<OutboxOutcome>} DeliverFromOutbox */

/** A worker of the textbook outbox on the engine's driver, with the engine's way of printing arrays. */
export class OutboxWorker {
  /**
   * @param {import('../../../../lib/database.js').Database} database
   * @param {import('../../../../lib/pipeline/record/array-literal.js')} literals
   * @param {DeliverFromOutbox} deliver
   */
  constructor(database, literals, deliver) {
    this.database = database;
    this.literals = literals;
    this.deliver = deliver;
  }

  /**
   * @param {string} url
   * @param {DeliverFromOutbox} deliver
   */
  static async open(url, deliver) {
    const { Database } = await published('database.js');
    const literals = await published('pipeline/record/array-literal.js');
    const options = SESSION.map((setting) => `-c ${setting}`).join(' ');
    return new OutboxWorker(new Database({ connectionString: url, options }), literals, deliver);
  }

  /** Claims a page, delivers it and completes it. Returns its size. */
  async turn() {
    const claim = randomUUID();
    const rows = await this.database.run('claim', CLAIM, [claim, PAGE]);
    if (rows.length === 0) return 0;
    const events = rows.map(([id, operation, payload, createdAt]) => ({
      id: id ?? '',
      operation: operation ?? '',
      payload: payload ?? '',
      createdAt: createdAt ?? '',
    }));
    const outcomes = await Promise.all(events.map((event) => this.deliver(event)));
    await this.#complete(claim, events, outcomes);
    return events.length;
  }

  async close() {
    await this.database.close();
  }

  /**
   * @param {string} claim
   * @param {OutboxEvent[]} events
   * @param {OutboxOutcome[]} outcomes
   */
  async #complete(claim, events, outcomes) {
    const { numberArray, textArray } = this.literals;
    const end = performance.now();
    await this.database.run('complete', COMPLETE, [
      claim,
      numberArray(events.map(({ id }) => id)),
      numberArray(outcomes.map(({ status }) => status)),
      numberArray(outcomes.map(({ duration }) => duration)),
      textArray(outcomes.map(({ headers }) => headers)),
      textArray(outcomes.map(({ body }) => body)),
      numberArray(outcomes.map(({ endedAt }) => Math.round(end - endedAt))),
    ]);
  }
}
