import { afterEach, describe, expect, it } from 'vitest';
import { resolveRetry } from '../../../lib/retry.options.js';
import { eventually } from '../../support/wait-until.js';
import {
  ALL_ROWS,
  createCapturedDatabase,
  trigger,
  type CapturedDatabase,
} from '../support/captured-database.js';
import { engineIn } from '../support/engine.js';
import { startReplica } from '../support/replica.js';
import { DeliveriesSeen } from './concurrency/deliveries-seen.js';
import { Misfortune } from './concurrency/misfortune.js';
import { Random } from '../../support/random.mjs';
import { SHARED_ROWS, Writer, type Ledger } from './concurrency/writer.js';

const WRITERS = 8;
/** How long writers write; then what is left is waited for. */
const WRITING_MS = 4_000;
const CALM_WRITING_MS = 1_500;
/** Rows of one transaction: more than any page, and so many that others commit while it runs. */
const LARGE = 20_000;
const CALM_LARGE = 2_000;
/** For what dead replicas left: a few pages at a time, then suspects one at a time, on a loaded machine. */
const DRAINED_WITHIN_MS = 90_000;
const TEST_TIMEOUT_MS = 120_000;
const TABLES = ['items', 'shared'];
const NAMES = ['first', 'second'];
/** Of the answers where things go wrong: so many that retries meet crashes. */
const REFUSED = 0.02;
/** Soon, so that retries come while writers write. */
const RETRY = resolveRetry({ strategy: 'fixed', delay: '100ms' });
/** A failure names the first ones. */
const MOST_NAMED = 5;

const first = Number(process.env['EVENT_TRIGGERS_SEED'] ?? 1);
const seeds = Array.from(
  { length: Number(process.env['EVENT_TRIGGERS_SEEDS'] ?? 4) },
  (_, place) => first + place,
);

/** A committed change that has not been seen with one of the triggers. */
interface Owed {
  readonly name: string;
  readonly token: string;
}

describe.each(seeds)('with eight writers, seed %i', (seed) => {
  let database: CapturedDatabase;
  let seen: DeliveriesSeen;

  afterEach(async () => {
    await database.drop();
    await seen.close();
  });

  const prepare = async (refuses?: () => boolean) => {
    seen = await DeliveriesSeen.start(refuses);
    database = await createCapturedDatabase();
    await database.query(
      'create table items (id bigint generated always as identity primary key, token text not null)',
    );
    await database.query(
      'create table shared (id int primary key, version int not null, token text not null)',
    );
    await database.query(
      `insert into shared select g, 0, 'before' from generate_series(1, ${SHARED_ROWS}) g`,
    );
    const all = { ...ALL_ROWS, application: 'shop', webhook: seen.url, retry: RETRY };
    await database.reconcile(
      TABLES.flatMap((table) =>
        NAMES.map((name) => trigger({ ...all, name: `${table}_${name}`, table })),
      ),
    );
    return engineIn(database);
  };

  const write = async (milliseconds: number, large: number): Promise<Ledger> => {
    const ledger: Ledger = { committed: new Set(), rolledBack: new Set() };
    const random = new Random(seed);
    const end = performance.now() + milliseconds;
    const writers = await Promise.all(
      Array.from({ length: WRITERS }, async (_, number) => {
        const client = await database.client();
        return new Writer(`w${number}`, client, random.fork(number), ledger);
      }),
    );
    const [one, ...others] = writers;
    await Promise.all([
      one!.large(large),
      ...others.map((writer) => writer.write(() => performance.now() < end)),
    ]);
    await one!.write(() => performance.now() < end);
    return ledger;
  };

  /** Every token of the ledger belongs to one of the tables, and has to be with both triggers of it. */
  const owedBy = (ledger: Ledger): Set<Owed> =>
    new Set(NAMES.flatMap((name) => [...ledger.committed].map((token) => ({ name, token }))));

  /** Takes off what has arrived, and looks no further than the first that have not: it is asked all the time. */
  const missing = (owed: Set<Owed>): string[] => {
    const found: string[] = [];
    for (const one of owed) {
      const { name, token } = one;
      const arrived = TABLES.some((table) => seen.tokens.get(`${table}_${name}`)?.has(token));
      if (arrived) owed.delete(one);
      else if (found.push(`${name}: ${token}`) === MOST_NAMED) break;
    }
    return found;
  };

  const ghosts = (ledger: Ledger): string[] =>
    [...seen.tokens].flatMap(([name, tokens]) =>
      [...ledger.rolledBack]
        .filter((token) => tokens.has(token))
        .map((token) => `${name}: ${token}`),
    );

  const allDone = async (ledger: Ledger): Promise<void> => {
    const owed = owedBy(ledger);
    await eventually(
      async () => {
        expect(missing(owed), 'committed changes that nobody received').toEqual([]);
        const [open] = await database.query(
          `select (select count(*)::int from event_triggers.event) - count(distinct a.event_id)::int as undelivered,
                  (select count(*)::int from event_triggers.retry) as retries,
                  (select count(*)::int from event_triggers.dead_letter) as dead
             from event_triggers.attempt a
            where a.outcome = 'delivered'`,
        );
        expect(open, 'events without a recorded success').toEqual({
          undelivered: 0,
          retries: 0,
          dead: 0,
        });
        return true;
      },
      { timeoutMs: DRAINED_WITHIN_MS, describe: `everything of seed ${seed} to be delivered` },
    );
  };

  it(
    'every committed change is delivered to both triggers and none that was rolled back, while dispatchers crash, lose connections and come back from the dead, and requests are refused',
    async () => {
      const refusals = new Random(seed).fork(WRITERS + 1);
      const engine = await prepare(() => refusals.chance(REFUSED));
      const misfortune = new Misfortune(engine, new Random(seed).fork(WRITERS));
      await misfortune.start();
      let striking = true;
      const striking_ = misfortune.strike(() => striking);

      const ledger = await write(WRITING_MS, LARGE);
      striking = false;
      await striking_;
      await allDone(ledger);
      await misfortune.end();

      expect(
        ghosts(ledger).slice(0, MOST_NAMED),
        'rolled-back changes that were delivered',
      ).toEqual([]);
      const { crashes, cuts, zombies } = misfortune.happened;
      expect(seen.refused, 'without a refusal no retry meets misfortune').toBeGreaterThan(0);
      expect(crashes + cuts + zombies, 'a run without misfortune proves nothing').toBeGreaterThan(
        0,
      );
      await engine.drop();
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'every committed change is delivered exactly once where nothing goes wrong, and numbers follow the versions of each row',
    async () => {
      const engine = await prepare();
      const replicas = await Promise.all(
        Array.from({ length: 3 }, () => startReplica(engine, { batchSize: 50 })),
      );

      const ledger = await write(CALM_WRITING_MS, CALM_LARGE);
      await allDone(ledger);
      await Promise.all(replicas.map((replica) => replica.stop()));

      expect(seen.repeated, 'events that came twice').toBe(0);
      expect(ghosts(ledger).slice(0, MOST_NAMED)).toEqual([]);
      const disorder = await database.query(
        `select * from (
           select e.key, (e.new ->> 'version')::int as version,
                  lag((e.new ->> 'version')::int) over (partition by e.trigger_id, e.key order by e.id) as before
             from event_triggers.event e
             join event_triggers.event_trigger t on t.id = e.trigger_id
            where t.name like 'shared%') versions
          where version <> before + 1
          limit 5`,
      );
      expect(disorder, 'versions of a row out of order in the log').toEqual([]);
      await engine.drop();
    },
    TEST_TIMEOUT_MS,
  );
});
