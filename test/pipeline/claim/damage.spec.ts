import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RECORD_PARAMETERS } from '../../../lib/pipeline/claim/claim.sql.js';
import type { TriggerId } from '../../../lib/pipeline/event.js';
import { eventually } from '../../support/wait-until.js';
import { createEngine, emit, type Engine } from '../support/engine.js';
import { expireLease } from '../support/leases.js';
import { startReplica } from '../support/replica.js';
import { startFakeReceiver } from 'nestjs-event-triggers/testing';
import { attemptsAtEvents, numbersOf, TestDispatcher } from '../support/test-dispatcher.js';

describe('damaged bookkeeping', () => {
  let engine: Engine;
  let stream: TriggerId;
  let dispatcher: TestDispatcher;

  beforeEach(async () => {
    engine = await createEngine();
    stream = await engine.addStream();
    dispatcher = await TestDispatcher.start(engine);
  });

  afterEach(() => engine.drop());

  const run = (sql: string) => engine.database.query(sql.replaceAll('$schema', engine.schema));

  it('stops a stream whose tick is missing, and says which', async () => {
    await engine.emit(stream);
    await run('select $schema.tick_v1()');
    await run('delete from $schema.tick where id = (select max(to_tick) from $schema.batch)');

    await expect(dispatcher.claim(stream)).rejects.toMatchObject({
      code: 'ET003',
      detail: String(stream),
    });
  });

  it('stops a stream without a cursor, and says which', async () => {
    await run(`delete from $schema.batch`);
    await engine.emit(stream);

    await expect(dispatcher.claim(stream)).rejects.toMatchObject({
      code: 'ET003',
      detail: String(stream),
    });
  });

  it('of a database that was restored from a dump is refused, and captured on', async () => {
    await engine.emit(stream);
    await dispatcher.drain(stream);
    // A dump keeps the snapshots and begins the transaction ids anew.
    await run(`
      update $schema.tick
         set snapshot = format('%1$s:%1$s:', pg_current_xact_id()::text::bigint + 1000000)::pg_snapshot`);

    await engine.emit(stream, 1, 2);

    await expect(dispatcher.claim(stream)).rejects.toMatchObject({ code: 'ET009' });
  });

  it('is not taken for such when another dispatcher cuts the log meanwhile', async () => {
    await engine.emit(stream);
    const other = await engine.database.client();
    await other.query('begin');
    await other.query(`lock table ${engine.schema}.tick`);
    const claiming = dispatcher.claim(stream);
    await eventually(
      async () =>
        (await engine.database.query('select from pg_locks where not granted')).length > 0,
      { describe: 'the claim to wait for the table of ticks' },
    );
    await emit(other, engine.schema, stream, 3, 2);
    await other.query(
      `insert into ${engine.schema}.tick (id, snapshot, seq_before, lo, hi)
       select nextval('${engine.schema}.tick_id'), pg_current_snapshot(), n.last_value, n.last_value, n.last_value
         from ${engine.schema}.event_number n`,
    );
    await other.query('commit');

    await expect(claiming, 'the sequence did not go backwards').resolves.toBeDefined();
  });

  it('of one stream stops that one alone, loudly, and the others go on', async () => {
    const receiver = await startFakeReceiver();
    const sound = await engine.addStream({ name: 'sound', content: { webhook: receiver.url } });
    await run(`delete from $schema.batch where trigger_id = ${stream}`);
    await engine.emit(stream);
    const replica = await startReplica(engine);

    await engine.emit(sound);

    expect(await receiver.waitFor(1)).toHaveLength(1);
    await eventually(
      () => replica.messages.some((message) => /stands still.*no cursor/s.test(message)),
      {
        describe: 'a message about the stream that stands still',
      },
    );
    await replica.stop();
    await receiver.close();
  });

  it('is a sequence that went backwards, which stops everything instead of skipping events', async () => {
    await engine.emit(stream, 5);
    await dispatcher.drain(stream);
    await run(`select setval('$schema.event_number', 2)`);

    await expect(dispatcher.claim(stream)).rejects.toMatchObject({ code: 'ET004' });
  });

  it('cannot come from a tick that is not the first of its transaction', async () => {
    const client = await engine.database.client();
    await client.query('begin');
    await client.query('select pg_current_xact_id()');
    await expect(client.query(`select ${engine.schema}.tick_v1()`)).rejects.toMatchObject({
      code: 'ET002',
    });
  });

  it.each(['repeatable read', 'serializable'])(
    'cannot come from a dispatcher under %s',
    async (level) => {
      const client = await engine.database.client();
      await client.query(`set default_transaction_isolation = '${level}'`);
      const nulls = Array.from({ length: RECORD_PARAMETERS }, () => 'null').join(', ');
      const cycle = client.query(
        `select * from ${engine.schema}.cycle_v1(gen_random_uuid(), null, '{}', '{}', 1, 1, 1, 0, '{}', null, '{}', ${nulls})`,
      );
      await expect(cycle).rejects.toMatchObject({ code: 'ET007' });
    },
  );
});

describe('an event that kills its process', () => {
  let engine: Engine;
  let stream: TriggerId;

  beforeEach(async () => {
    engine = await createEngine();
    stream = await engine.addStream();
  });

  afterEach(() => engine.drop());

  it('ends as a dead letter, while its neighbours are delivered', async () => {
    const killer = 2;
    await engine.emit(stream, 3);
    const delivered: number[] = [];
    // Dispatchers that die with the killer in hand: with its batch at first, then with it alone.
    for (let life = 0; life < 20; life += 1) {
      const dispatcher = await TestDispatcher.start(engine);
      const inherited = await dispatcher.recover([stream]);
      const { batches, retries } = await dispatcher.cycle({
        eligible: [stream],
        hot: [stream],
        retries: 10,
      });
      const harmless = retries.filter((event) => numbersOf([event])[0] !== killer);
      delivered.push(...numbersOf(harmless));
      await dispatcher.record(attemptsAtEvents(harmless, { kind: 'delivered' }));
      const holdsKiller = [...inherited, ...batches].length > 0 || retries.length > harmless.length;
      if (holdsKiller) await expireLease(engine, dispatcher);
      else await dispatcher.lease.release(null);
    }

    const letters = await engine.database.query(
      `select (new ->> 'n')::int as n, reason from ${engine.schema}.dead_letter`,
    );
    expect(letters).toEqual([{ n: killer, reason: 'lease-lost' }]);
    expect(new Set(delivered)).toEqual(new Set([1, 3]));
  });
});
