import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SchemaMigrator } from '../../../lib/schema/schema-migrator.js';
import { MIGRATIONS } from '../../../lib/schema/migrations.js';
import type { TriggerId } from '../../../lib/pipeline/event.js';
import { startPostgres, type RunningPostgres } from '../../support/postgres/start-postgres.mjs';
import { eventually } from '../../support/wait-until.js';
import type { TestDatabase } from '../../support/test-database.js';
import { engineIn, SCHEMA, type Engine } from '../support/engine.js';
import { expireLease } from '../support/leases.js';
import { attemptsAt, numbersOf, TestDispatcher } from '../support/test-dispatcher.js';

const EVENTS = 6;
/** The log writer flushes so seldom that what commits asynchronously is still in memory when the server crashes. */
const SELDOM = { wal_writer_delay: '10s', wal_writer_flush_after: '1GB' };
/** It flushes all the same every ten seconds: the crash may come just after that. */
const TRIES = 5;

describe('a claim that a crash of Postgres forgets', () => {
  let postgres: RunningPostgres;
  let engine: Engine;
  let stream: TriggerId;

  beforeEach(async () => {
    postgres = await startPostgres({ settings: SELDOM });
    await new SchemaMigrator(
      SCHEMA,
      MIGRATIONS.filter(({ name }) => name !== 'attach'),
    ).migrate(await connected());
    engine = engineIn(databaseOf(postgres));
    stream = await engine.addStream();
  });
  afterEach(async () => {
    await engine.drop();
    await postgres.stop();
  });

  const connected = async (): Promise<pg.Client> => {
    const client = new pg.Client(postgres.url);
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  /** As much of a test database as the engine asks for, on a server of our own. */
  const databaseOf = ({ url }: RunningPostgres): TestDatabase => {
    const pool = new pg.Pool({ connectionString: url });
    pool.on('error', () => undefined);
    return {
      url,
      query: async (sql: string, parameters?: unknown[]) =>
        (await pool.query(sql, parameters)).rows,
      drop: () => pool.end(),
    } as unknown as TestDatabase;
  };
  const back = (): Promise<unknown> =>
    eventually(() => engine.database.query('select').then(() => true), {
      describe: 'Postgres to be back',
    });

  it('costs no event when its number is given to other events, and then both are closed or lost', async () => {
    for (let attempt = 1; attempt <= TRIES; attempt += 1) {
      await engine.emit(stream, EVENTS);
      const first = await TestDispatcher.start(engine);
      // From here on the next number is not yet on the disk, and nothing that is not asked for gets there.
      await engine.database.query('checkpoint');
      const { batches } = await first.claim(stream);
      const forgotten = batches[0]!;
      expect(forgotten.events, 'events of the claim').toHaveLength(EVENTS);
      await postgres.restart({ mode: 'immediate' });
      await back();

      const second = await TestDispatcher.start(engine, { events: EVENTS / 2 });
      const [again] = (await second.claim(stream)).batches;
      if (again?.id !== forgotten.id) {
        // It was flushed in time.
        await first.deliver(forgotten);
        if (again !== undefined) await second.deliver(again);
        continue;
      }
      expect(again.events, 'events that have the number by now').toHaveLength(EVENTS / 2);

      await first.record(attemptsAt(forgotten, { kind: 'delivered' }));
      const done = await engine.database.query(`select from ${engine.schema}.batch_done
        where batch_id = ${forgotten.id}`);
      expect(done, 'marks of the number').toEqual([]);
      await expireLease(engine, second);

      const third = await TestDispatcher.start(engine);
      const inherited = await third.recover([stream]);
      for (const batch of inherited) await third.deliver(batch);
      const seen = [
        ...inherited.flatMap(({ events }) => numbersOf(events)),
        ...(await third.drain(stream)),
      ];
      expect(seen, 'events that the third one was given').toEqual([1, 2, 3, 4, 5, 6]);
      return;
    }
    expect.fail(`in ${TRIES} crashes no claim was forgotten`);
  });
});
