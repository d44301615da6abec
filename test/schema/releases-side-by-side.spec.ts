import type { INestApplicationContext } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TriggerId } from '../../lib/pipeline/event.js';
import { MIGRATIONS } from '../../lib/schema/migrations.js';
import { SchemaMigrator } from '../../lib/schema/schema-migrator.js';
import { engineIn, SCHEMA, type Engine } from '../pipeline/support/engine.js';
import { expireLease } from '../pipeline/support/leases.js';
import { startReplica, type Replica, type ReplicaOptions } from '../pipeline/support/replica.js';
import { startApplication } from '../support/application.js';
import { startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/wait-until.js';
import { asNextRelease, nextRelease } from './support/next-release.js';

/** Delivered before the schema changes: the plans of the running replica are made by then. */
const BEFORE = 20;
/** More than two replicas take while nothing is answered. */
const EVENTS = 300;
const BATCH_SIZE = 10;
const REFUSED_EVERY = 10;
const REFUSED = (BEFORE + EVENTS) / REFUSED_EVERY;
/** Events of a batch that two replicas died with are handed out one at a time. */
const DELIVERED_WITHIN_MS = 20_000;

const newest = MIGRATIONS.at(-1)!.version;

let database: TestDatabase;
let receiver: FakeReceiver;

beforeEach(async () => {
  database = await createTestDatabase();
  receiver = await startFakeReceiver();
});

afterEach(async () => {
  await receiver.close();
  await database.drop();
});

const migrate = async (migrations = MIGRATIONS) =>
  new SchemaMigrator(SCHEMA, migrations).migrate(await database.client());

describe('replicas of two releases on the schema of the newer one', () => {
  let engine: Engine;
  let stream: TriggerId;
  let older: Replica;
  let newer: Replica;
  let running: Set<Replica>;
  let answer: () => void;

  beforeEach(async () => {
    await migrate();
    engine = engineIn(database);
    stream = await engine.addStream({ content: { webhook: receiver.url } });
    receiver.respondWith(refusing(Promise.resolve()));
    running = new Set();
    older = await replica();
    await engine.emit(stream, BEFORE);
    await allDelivered(BEFORE);

    await migrate([...MIGRATIONS, nextRelease()]);
    newer = await replica({ inItsWords: asNextRelease });
    receiver.respondWith(
      refusing(
        new Promise((resolve) => {
          answer = resolve;
        }),
      ),
    );
    await engine.emit(stream, EVENTS, BEFORE + 1);
    await eventually(async () => (await holders()).size === 2, {
      describe: 'both replicas to have pages in hand',
    });
  });

  afterEach(async () => {
    await Promise.all([...running].map((one) => one.stop()));
    await engine.drop();
  });

  it('deliver and record each event once between them', async () => {
    answer();
    await allDelivered(BEFORE + EVENTS);

    const [recorded] = await database.query(
      `select count(*) filter (where outcome = 'delivered')::int as delivered,
              count(*) filter (where outcome = 'retry')::int as refused
         from ${SCHEMA}.attempt`,
    );
    expect(recorded, 'recorded attempts').toEqual({
      delivered: BEFORE + EVENTS,
      refused: REFUSED,
    });
    expect(receiver.requests, 'no crash, so nothing is sent twice').toHaveLength(
      BEFORE + EVENTS + REFUSED,
    );
    expect(messages(older, newer), 'what went wrong with either').toEqual([]);
  });

  it('take over from each other what a crash leaves behind', async () => {
    await crash(older);
    await takeover(newer);
    const olderAgain = await replica();
    await crash(newer);
    await takeover(olderAgain);
    const newerAgain = await replica({ inItsWords: asNextRelease });
    answer();
    await allDelivered(BEFORE + EVENTS);

    const received = new Set(receiver.requests.map(({ body }) => numberOf(body)));
    expect(received.size, 'events that were received').toBe(BEFORE + EVENTS);
    const others = messages(olderAgain, newerAgain).filter((said) => !said.startsWith('Took over'));
    expect(others, 'what went wrong with either').toEqual([]);
  });

  const replica = async (more: ReplicaOptions = {}): Promise<Replica> => {
    const one = await startReplica(engine, { batchSize: BATCH_SIZE, ...more });
    running.add(one);
    return one;
  };

  const crash = async (one: Replica): Promise<void> => {
    one.crash();
    running.delete(one);
    await expireLease(engine, { id: one.leaseId });
  };

  const takeover = (heir: Replica) =>
    eventually(
      () => {
        const said = expect.stringMatching(/^Took over/) as string;
        expect(heir.messages, 'what the heir says').toContainEqual(said);
        return true;
      },
      { describe: 'the one release to take over from the other' },
    );

  /** Without those about the receiver, which refuses on purpose. */
  const messages = (...replicas: Replica[]) =>
    replicas.flatMap((one) => one.messages).filter((said) => !said.startsWith('Event trigger'));

  /** Refuses the first attempt at some, and accepts nothing before it may. */
  const refusing = (accepting: Promise<void>) => {
    const refused = new Set<number>();
    return async ({ body }: { body: string }) => {
      const number = numberOf(body);
      if (number % REFUSED_EVERY === 0 && !refused.has(number)) {
        refused.add(number);
        return { status: 503 };
      }
      await accepting;
      return { status: 200 };
    };
  };

  const numberOf = (body: string): number =>
    (JSON.parse(body) as { event: { data: { new: { n: number } } } }).event.data.new.n;

  const holders = async (): Promise<Set<string>> => {
    const rows = await database.query<{ dispatcher: string }>(
      `select distinct b.dispatcher
         from ${SCHEMA}.batch b
        where b.dispatcher = any ($1)
          and not exists (select from ${SCHEMA}.batch_done d where d.claim = b.claim)`,
      [[older.leaseId, newer.leaseId]],
    );
    return new Set(rows.map(({ dispatcher }) => dispatcher));
  };

  const allDelivered = (events: number) =>
    eventually(
      async () => {
        const [state] = await database.query(
          `select (select count(distinct event_id)::int from ${SCHEMA}.attempt where outcome = 'delivered') as delivered,
                  (select count(*)::int from ${SCHEMA}.retry) as retries`,
        );
        expect(state, 'events on record').toEqual({ delivered: events, retries: 0 });
        return true;
      },
      { timeoutMs: DELIVERED_WITHIN_MS, describe: `${events} events to be delivered` },
    );
});

describe('an application', () => {
  let applications: INestApplicationContext[];

  beforeEach(async () => {
    applications = [];
    await database.query('create table orders (id int primary key, total int)');
    await boot({ insert: true });
    await stop();
  });

  afterEach(() => stop());

  const boot = async (operations: object, more: object = {}): Promise<void> => {
    const order = { name: 'order', table: 'orders', webhook: receiver.url, ...operations };
    applications.push(
      await startApplication({ database, eventTriggers: { triggers: [order], ...more } }),
    );
  };

  const stop = async (): Promise<void> => {
    await Promise.all(applications.splice(0).map((application) => application.close()));
  };

  it.each([
    ['apply', 'with a changed definition', { insert: true, update: true }],
    ['verify', 'as it was', { insert: true }],
  ])('boots on the schema of a newer release with install %s, %s', async (install, _, order) => {
    await migrate([...MIGRATIONS, nextRelease()]);

    await boot(order, { install });

    await database.query('insert into orders values (1, 1); update orders set total = 2');
    const expected = Object.keys(order).map((operation) => operation.toUpperCase());
    const requests = await receiver.waitFor(expected.length);
    const operations = requests.map(
      ({ body }) => (JSON.parse(body) as { event: { op: string } }).event.op,
    );
    expect(operations.toSorted(), 'operations that were delivered').toEqual(expected);
  });

  it.each(['apply', 'verify'])(
    'does not boot on a schema that it cannot read, and leaves it as it is, with install %s',
    async (install) => {
      await migrate([...MIGRATIONS, nextRelease({ oldestReader: newest + 1 })]);
      const before = await imprint();

      const booting = boot({ insert: true, update: true }, { install });

      await expect(booting).rejects.toThrow(
        new RegExp(`version ${newest + 1}.*this one knows ${newest}`, 's'),
      );
      expect(await imprint(), 'what stands in the catalogs and tables').toEqual(before);
    },
  );

  /** Of whatever a boot could create, change or write, with the transactions that wrote it. */
  const imprint = async () => {
    const rows = async (select: string) =>
      (await database.query<{ row: string }>(`select ${select} order by 1`)).map(({ row }) => row);
    return {
      relations: await rows(
        `relname || ' ' || xmin as row from pg_class where relnamespace in ('${SCHEMA}'::regnamespace, 'public'::regnamespace)`,
      ),
      functions: await rows(
        `oid::regprocedure || ' ' || xmin as row from pg_proc where pronamespace = '${SCHEMA}'::regnamespace`,
      ),
      triggers: await rows(`tgname || ' ' || xmin as row from pg_trigger`),
      definitions: await rows(`name || ' ' || xmin as row from ${SCHEMA}.event_trigger`),
      batches: await rows(`id || ' ' || xmin as row from ${SCHEMA}.batch`),
      dispatchers: await rows(`id || ' ' || xmin as row from ${SCHEMA}.dispatcher`),
      migrations: await rows(`version || ' ' || xmin as row from ${SCHEMA}.migration`),
    };
  };
});
