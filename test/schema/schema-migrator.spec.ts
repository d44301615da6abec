import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { advisoryKey, LOCK } from '../../lib/schema/advisory-lock.js';
import { quoteIdentifier } from '../../lib/schema/identifier.js';
import type { Migration } from '../../lib/schema/migration.js';
import { MIGRATIONS } from '../../lib/schema/migrations.js';
import { SchemaMigrator } from '../../lib/schema/schema-migrator.js';
import { engineIn } from '../pipeline/support/engine.js';
import { TestDispatcher } from '../pipeline/support/test-dispatcher.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/wait-until.js';

const SCHEMA = 'event_triggers';
const REPLICAS = 10;
/** Of the host's own: shorter than a migration may take elsewhere. */
const HOST_LIMIT_MS = 200;
/** So long that the limit would have struck. */
const HELD_MS = 1_000;
const newest = MIGRATIONS.at(-1)!.version;

/** A step of a release that does not exist yet. */
const later = (more: Partial<Migration> = {}): Migration => ({
  version: newest + 1,
  name: 'later',
  oldestReader: 1,
  sql: ({ schema }) => `create table ${schema}.later (id int)`,
  ...more,
});

describe('the schema migrator', () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await createTestDatabase();
  });

  afterEach(() => database.drop());

  const migrate = async (migrations = MIGRATIONS, schema = SCHEMA) =>
    new SchemaMigrator(schema, migrations).migrate(await database.client());
  const applied = () =>
    database.query<{ version: number }>(`select version from ${SCHEMA}.migration order by version`);

  it('applies each step once, however many replicas boot together, and nothing the next time', async () => {
    await Promise.all(Array.from({ length: REPLICAS }, () => migrate()));
    await migrate();

    const versions = (await applied()).map(({ version }) => version);
    expect(versions).toEqual(MIGRATIONS.map(({ version }) => version));
  });

  it('refuses a database that could not store what receivers answer', async () => {
    const latin = await createTestDatabase({ encoding: 'LATIN1' });
    const migrating = new SchemaMigrator(SCHEMA).migrate(await latin.client());
    await expect(migrating).rejects.toThrow(/encoded in LATIN1.*encoding 'UTF8'/s);
    await latin.drop();
  });

  it.each(['statement_timeout', 'lock_timeout'])(
    'waits for another replica longer than a %s of the host allows',
    async (setting) => {
      const other = await database.client();
      await other.query('select pg_advisory_lock($1, $2)', [advisoryKey(SCHEMA), LOCK.migrate]);
      await database.query(
        `alter database ${quoteIdentifier(database.name)} set ${setting} = '${HOST_LIMIT_MS}ms'`,
      );

      const migrating = migrate();
      const waits = await Promise.race([migrating, someoneWaitsFor(HELD_MS)]);
      expect(waits, 'the lock that another replica holds is respected').toBe(true);
      await other.end();
      await migrating;

      expect(await applied(), 'steps after the wait').toHaveLength(MIGRATIONS.length);
    },
  );

  const someoneWaitsFor = (milliseconds: number) =>
    eventually(
      async () => {
        const waiting = await database.query(
          `select from pg_locks l join pg_stat_activity a using (pid)
            where not l.granted and a.datname = current_database()
              and l.waitstart < clock_timestamp() - $1 * interval '1 millisecond'`,
          [milliseconds],
        );
        return waiting.length > 0;
      },
      { describe: `somebody who waits for a lock for ${milliseconds} ms` },
    );

  it('refuses a schema that a newer release has made unreadable, and leaves it as it is', async () => {
    await migrate([...MIGRATIONS, later({ oldestReader: newest + 1 })]);

    await expect(migrate()).rejects.toThrow(
      new RegExp(`version ${newest + 1}.*this one knows ${newest}`, 's'),
    );

    expect(await applied()).toHaveLength(MIGRATIONS.length + 1);
  });

  it('lets an older release go on, start anew and deliver beside a newer one', async () => {
    await migrate();
    const engine = engineIn(database);
    const stream = await engine.addStream();
    const running = await TestDispatcher.start(engine);
    await engine.emit(stream, 3);

    await migrate([...MIGRATIONS, later()]);
    await migrate();
    const restarted = await TestDispatcher.start(engine);

    expect(await running.drain(stream), 'the one that was running delivers').toEqual([1, 2, 3]);
    await engine.emit(stream, 2, 4);
    expect(
      await restarted.drain(stream),
      'and so does one that starts on the newer schema',
    ).toEqual([4, 5]);
    await Promise.all([running.connections.close(), restarted.connections.close()]);
  });

  it('leaves nothing of a step that fails', async () => {
    const broken = later({
      sql: ({ schema }) => `create table ${schema}.half (id int); select 1 / 0`,
    });

    await expect(migrate([...MIGRATIONS, broken])).rejects.toThrow(/division by zero/);

    const [schema] = await database.query(`select to_regnamespace('${SCHEMA}') as name`);
    expect(schema).toEqual({ name: null });
  });

  it('names what is missing where it may only look', async () => {
    const look = async () => new SchemaMigrator(SCHEMA).verify(await database.client());
    await expect(look()).rejects.toThrow(/lacks the migrations 1 \(tables\)/);
    await migrate();
    await expect(look()).resolves.toBeUndefined();
  });

  it.each(['We"ird.Schema ünï', "it's", 'select', 'x'.repeat(63)])(
    'works in a schema called %s, beside another one',
    async (name) => {
      await Promise.all([migrate(MIGRATIONS, name), migrate()]);
      const [tick] = await database.query<{ tick: string }>(
        `select ${quoteIdentifier(name)}.tick_v1() as tick`,
      );
      expect(Number(tick?.tick)).toBeGreaterThan(0);
    },
  );
});
