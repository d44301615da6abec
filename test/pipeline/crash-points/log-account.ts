import type { EventNumber, TriggerId } from '../../../lib/pipeline/event.js';
import type { Engine } from '../support/engine.js';
import type { SceneTriggers } from './transaction.js';
import { NOTHING, type Arrivals } from './witness.js';

/** What is left in the log when everything should have come to its end. */
export interface Remainder {
  readonly batches: number;
  readonly retries: number;
  readonly dispatchers: number;
}

/** What the log says became of the events. */
export class LogAccount {
  constructor(
    private readonly engine: Engine,
    private readonly triggers: SceneTriggers,
  ) {}

  /** Attempts by event, as a receiver that heard of them would count requests. */
  async attempts(): Promise<Map<EventNumber, Arrivals>> {
    const { database, schema } = this.engine;
    const rows = await database.query<Arrivals & { number: EventNumber }>(
      `select a.event_id::text as number, count(*)::integer as requests,
              (count(*) filter (where a.outcome = 'delivered'))::integer as acknowledged
         from ${schema}.attempt a
        where a.trigger_id = any ($1)
        group by a.event_id`,
      [this.ids],
    );
    return new Map(rows.map(({ number, ...attempts }) => [number, attempts]));
  }

  async deadLetters(): Promise<{ number: EventNumber }[]> {
    const { database, schema } = this.engine;
    return database.query(
      `select event_id::text as number from ${schema}.dead_letter where trigger_id = any ($1)`,
      [this.ids],
    );
  }

  async remainder(): Promise<Remainder> {
    const { database, schema } = this.engine;
    const [remainder] = await database.query<Remainder & Record<string, unknown>>(
      `select (select count(*)::integer from ${schema}.retry r where r.trigger_id = any ($1)) as retries,
              (select count(*)::integer from ${schema}.dispatcher) as dispatchers,
              (select count(*)::integer
                 from ${schema}.batch b
                where b.trigger_id = any ($1)
                  and b.size > 0
                  and not exists (
                      select from ${schema}.batch_done d
                       where d.trigger_id = b.trigger_id
                         and d.batch_id = b.id
                         and d.claim = b.claim)) as batches`,
      [this.ids],
    );
    return remainder!;
  }

  /** Whether somebody has a retry of one of these in hand. */
  async isRetrying(...triggers: readonly (keyof SceneTriggers)[]): Promise<boolean> {
    const { database, schema } = this.engine;
    const retries = await database.query(
      `select from ${schema}.retry r where r.trigger_id = any ($1) and r.dispatcher is not null`,
      [triggers.map((trigger) => this.triggers[trigger])],
    );
    return retries.length > 0;
  }

  /** What time does to the lease of a process that has died, at once. */
  async expireLeases(): Promise<void> {
    const { database, schema } = this.engine;
    await database.query(
      `update ${schema}.dispatcher
          set lease_until = clock_timestamp() - interval '1 second'
        where lease_until > clock_timestamp()`,
    );
  }

  private get ids(): TriggerId[] {
    return Object.values(this.triggers) as TriggerId[];
  }
}

/** Of each event what one side counts beyond the other, none where both say the same. */
export function beyond(
  one: ReadonlyMap<EventNumber, Arrivals>,
  other: ReadonlyMap<EventNumber, Arrivals>,
): Map<EventNumber, Arrivals> {
  const numbers = [...new Set([...one.keys(), ...other.keys()])];
  const differences = numbers.map((number): [EventNumber, Arrivals] => {
    const [more, less] = [one.get(number) ?? NOTHING, other.get(number) ?? NOTHING];
    const requests = more.requests - less.requests;
    return [number, { requests, acknowledged: more.acknowledged - less.acknowledged }];
  });
  return new Map(
    differences.filter(([, { requests, acknowledged }]) => requests !== 0 || acknowledged !== 0),
  );
}
