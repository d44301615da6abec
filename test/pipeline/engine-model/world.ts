import type pg from 'pg';
import type { Database } from '../../../lib/database.js';
import type { EventNumber } from '../../../lib/pipeline/event.js';
import type { Engine } from '../support/engine.js';
import { Ledger } from './ledger.js';
import { ModelDispatcher, type ModelStreams } from './model-dispatcher.js';
import { ModelWriter } from './model-writer.js';

/** Of the dispatchers: small, so that a few events make several pages. */
const PAGE_SIZES = [3, 5];
export const DISPATCHERS = PAGE_SIZES.length;
export const WRITERS = 2;
/** Far more than the longest run needs: what is not through by then never will be. */
const MOST_ROUNDS = 60;
const PLENTY = 50;

/** What is left when everything should have come to its end. */
export interface Remainder {
  /** Committed events that nobody acknowledged or gave up. */
  readonly owed: readonly string[];
  /** Retries that waited for one that was not there. */
  readonly stranded: readonly string[];
  readonly batches: number;
  readonly retries: number;
}

/** What stays from run to run. */
export interface Ground {
  readonly engine: Engine;
  readonly connections: Database;
  readonly clients: readonly pg.Client[];
}

/** Two streams of their own, writers and dispatchers: all that a run of commands acts on. */
export class World {
  readonly writers: readonly ModelWriter[];
  readonly dispatchers: ModelDispatcher[] = [];

  private constructor(
    private readonly ground: Ground,
    private readonly streams: ModelStreams,
    private readonly ledger: Ledger,
  ) {
    const { clients, engine } = ground;
    this.writers = clients.map((client) => new ModelWriter(client, engine.schema, streams, ledger));
  }

  static async begin(ground: Ground): Promise<World> {
    const { engine } = ground;
    await engine.database.query(`delete from ${engine.schema}.dispatcher`);
    const streams = {
      ordered: await engine.addStream({ content: { ordering: 'row' } }),
      free: await engine.addStream(),
    };
    const world = new World(ground, streams, new Ledger());
    for (let place = 0; place < DISPATCHERS; place += 1) await world.replace(place);
    return world;
  }

  async kill(place: number): Promise<void> {
    await this.dispatchers[place]!.outliveLease();
    await this.replace(place);
  }

  async release(place: number): Promise<void> {
    await this.dispatchers[place]!.leave();
    await this.replace(place);
  }

  async recover(place: number, most: number): Promise<void> {
    await this.dispatchers[place]!.recover(most);
    await this.learnOfDeadLetters();
  }

  /** All retries that wait for a time become due. */
  async letTimePass(): Promise<void> {
    await this.query(
      `update ${this.schema}.retry set due = clock_timestamp() where trigger_id = any ($1) and due < 'infinity'`,
    );
  }

  /** Whatever happened before: from here on all goes well, and everything has to come to its end. */
  async settle(): Promise<Remainder> {
    for (const writer of this.writers) await writer.commit();
    const stranded = await this.stranded();
    for (let round = 0; round < MOST_ROUNDS && !(await this.isSettled()); round += 1) {
      await this.letTimePass();
      for (const [place, dispatcher] of this.dispatchers.entries()) {
        await this.recover(place, PLENTY);
        await dispatcher.turn(PLENTY, false);
        dispatcher.deliverAll();
        await dispatcher.record();
      }
    }
    return { owed: this.ledger.owed(), stranded, ...(await this.open()) };
  }

  async end(): Promise<void> {
    for (const writer of this.writers) await writer.rollBack();
  }

  private async replace(place: number): Promise<void> {
    const { engine, connections } = this.ground;
    this.dispatchers[place] = await ModelDispatcher.start(
      engine,
      connections,
      this.streams,
      this.ledger,
      PAGE_SIZES[place]!,
    );
  }

  /** Those that takeovers write: nobody in this process decided them. */
  private async learnOfDeadLetters(): Promise<void> {
    const dead = await this.query<{ number: EventNumber }>(
      `select event_id::text as number from ${this.schema}.dead_letter where trigger_id = any ($1)`,
    );
    for (const letter of dead) this.ledger.giveUp(letter);
  }

  private async stranded(): Promise<string[]> {
    const stranded = await this.query<{ number: string }>(
      `select r.event_id::text as number
         from ${this.schema}.retry r
        where r.trigger_id = any ($1)
          and r.due = 'infinity'
          and r.dispatcher is null
          and not exists (
              select from ${this.schema}.retry before
               where before.trigger_id = r.trigger_id
                 and before.event_id < r.event_id
                 and array[before.key, before.key_before] && array_remove(array[r.key, r.key_before], null))`,
    );
    return stranded.map(({ number }) => number);
  }

  private async isSettled(): Promise<boolean> {
    const { batches, retries } = await this.open();
    return batches + retries === 0 && this.ledger.owed().length === 0;
  }

  private async open(): Promise<{ batches: number; retries: number }> {
    const [open] = await this.query<{ batches: number; retries: number }>(
      `select (select count(*)::integer from ${this.schema}.retry r where r.trigger_id = any ($1)) as retries,
              (select count(*)::integer
                 from ${this.schema}.batch b
                where b.trigger_id = any ($1)
                  and b.size > 0
                  and not exists (
                      select from ${this.schema}.batch_done d
                       where d.trigger_id = b.trigger_id
                         and d.batch_id = b.id
                         and d.claim = b.claim)) as batches`,
    );
    return open!;
  }

  private async query<Row>(text: string): Promise<Row[]> {
    const { ordered, free } = this.streams;
    return (await this.ground.engine.database.query(text, [[ordered, free]])) as Row[];
  }

  private get schema(): string {
    return this.ground.engine.schema;
  }
}
