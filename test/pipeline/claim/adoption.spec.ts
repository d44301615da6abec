import type { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventTriggersService } from '../../../lib/event-triggers.service.js';
import { DispatcherLease } from '../../../lib/pipeline/claim/dispatcher-lease.js';
import type { TriggerId } from '../../../lib/pipeline/event.js';
import type { Decision } from '../../../lib/pipeline/record/attempt.js';
import { APPLICATION, createEngine, emit, SCHEMA, type Engine } from '../support/engine.js';
import { serviceOf } from '../support/service-of.js';
import {
  attemptsAt,
  attemptsAtEvents,
  numbersOf,
  openBatch,
  TestDispatcher,
} from '../support/test-dispatcher.js';

const DELIVERED: Decision = { kind: 'delivered' };
const AT_ONCE: Decision = { kind: 'retry', delay: 0 };

/** How far the transactions of the other server are ahead. */
const AHEAD = 1_000_000;
const LEASE_SECONDS = 60;

describe('the log of a database that is a copy', () => {
  let engine: Engine;
  let copy: Engine;
  let stream: TriggerId;
  const sources: DataSource[] = [];

  beforeEach(async () => {
    engine = await createEngine();
    copy = await createEngine();
    stream = await engine.addStream();
  });
  afterEach(async () => {
    await Promise.all(sources.splice(0).map((source) => source.destroy()));
    await engine.drop();
    await copy.drop();
  });

  /** What logical replication does: all rows, under other transactions, and no sequences. */
  async function copyRows(): Promise<void> {
    const tables = await engine.database.query<{ name: string; columns: string }>(
      `select format('%s.%I', c.relnamespace::regnamespace, c.relname) as name,
              string_agg(quote_ident(a.attname), ', ' order by a.attnum) as columns
         from pg_class c
         join pg_attribute a
           on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
        where c.relnamespace = '${SCHEMA}'::regnamespace
          and c.relkind in ('r', 'p')
          and not c.relispartition
          and c.relname <> 'migration'
        group by 1`,
    );
    for (const { name, columns } of tables) {
      const [all] = await engine.database.query<{ rows: string }>(
        `select coalesce(json_agg(t), '[]')::text as rows from ${name} t`,
      );
      await copy.database.query(`truncate ${name}`);
      await copy.database.query(
        `insert into ${name} (${columns}) overriding system value
         select ${columns} from json_populate_recordset(null::${name}, $1)`,
        [all!.rows],
      );
    }
    await moveAhead();
  }

  /** As if the other server had seen many more transactions. */
  async function moveAhead(): Promise<void> {
    await copy.database.query(
      `update ${copy.schema}.event set xid = (xid::text::bigint + ${AHEAD})::text::xid8`,
    );
    const ticks = await copy.database.query<{ id: string; snapshot: string }>(
      `select id, snapshot::text from ${copy.schema}.tick`,
    );
    for (const { id, snapshot } of ticks) {
      const moved = snapshot.replaceAll(/\d+/g, (xid) => String(Number(xid) + AHEAD));
      await copy.database.query(`update ${copy.schema}.tick set snapshot = $2 where id = $1`, [
        id,
        moved,
      ]);
    }
  }

  const adopting = async (
    at: Engine,
    deployment: string | null = null,
  ): Promise<EventTriggersService> => {
    const { service, source } = await serviceOf(at, deployment);
    sources.push(source);
    return service;
  };
  const register = async (at: Engine, deployment: string | null) =>
    new DispatcherLease(
      at.connect(),
      at.schema,
      APPLICATION,
      LEASE_SECONDS,
      [],
      deployment,
    ).register();

  /** 1 and 3 are delivered, 2 is in hand, 4 failed, 5 was never claimed; and the copy captured 6. */
  async function copyInFullWork(): Promise<void> {
    const dispatcher = await TestDispatcher.start(engine);
    await engine.emit(stream, 3);
    const { batches } = await dispatcher.claim(stream);
    const [one, two, three] = batches[0]!.events;
    await dispatcher.record(attemptsAtEvents([one!, three!], DELIVERED, openBatch(batches[0]!)));
    expect(two, 'an event that is in hand').toBeDefined();
    await engine.emit(stream, 1, 4);
    const failing = await dispatcher.claim(stream);
    await dispatcher.record(attemptsAt(failing.batches[0]!, AT_ONCE));
    await engine.emit(stream, 1, 5);
    await copyRows();
    await copy.emit(stream, 1, 6);
  }

  it('is not delivered before it is adopted', async () => {
    await copyRows();

    const started = TestDispatcher.start(copy);

    await expect(started, 'a new dispatcher').rejects.toMatchObject({ code: 'ET009' });
    const calling = copy.database.query(`select ${copy.schema}.tick_v1()`);
    await expect(calling, 'one that was there before').rejects.toMatchObject({ code: 'ET009' });
  });

  it('is told by its rows alone where both servers have seen as many transactions', async () => {
    await copyRows();
    await copy.database.query(
      `update ${copy.schema}.tick set snapshot = pg_current_snapshot(), hi = 0`,
    );

    await expect(TestDispatcher.start(copy)).rejects.toMatchObject({ code: 'ET009' });
  });

  it('delivers what waited there, what was in hand and what was captured here, and then what comes', async () => {
    await copyInFullWork();

    expect(await (await adopting(copy)).adopt('deliver')).toBe(4);

    const dispatcher = await TestDispatcher.start(copy);
    const retries = await dispatcher.claimRetries(10, stream);
    expect(new Set(numbersOf(retries)), 'all but what was delivered').toEqual(
      new Set([2, 4, 5, 6]),
    );
    await dispatcher.record(attemptsAtEvents(retries, DELIVERED));
    await copy.emit(stream, 2, 7);
    expect(await dispatcher.drain(stream), 'nothing but what came after').toEqual([7, 8]);
    const [late] = await copy.database.query<{ count: number }>(
      `select count(*)::integer as count from ${copy.schema}.event
        where xid >= pg_snapshot_xmax(pg_current_snapshot())`,
    );
    expect(late?.count, 'events that this server would come across later on').toBe(0);
  });

  it('delivers nothing of before where that is given up', async () => {
    await copyInFullWork();

    expect(await (await adopting(copy)).adopt('discard')).toBe(4);

    const dispatcher = await TestDispatcher.start(copy);
    expect(await dispatcher.claimRetries(10, stream)).toEqual([]);
    await copy.emit(stream, 1, 7);
    expect(await dispatcher.drain(stream)).toEqual([7]);
  });

  it('loses nothing of a transaction that is open while it is adopted', async () => {
    await copyInFullWork();
    const writer = await copy.database.client();
    await writer.query('begin');
    await emit(writer, copy.schema, stream, 1, 7);

    await (await adopting(copy)).adopt('discard');
    const dispatcher = await TestDispatcher.start(copy);
    await copy.emit(stream, 1, 8);
    expect(await dispatcher.drain(stream)).toEqual([8]);
    await writer.query('commit');

    expect(await dispatcher.drain(stream)).toEqual([7]);
  });

  it('keeps the order of a row', async () => {
    await engine.database.query(
      `update ${engine.schema}.event_trigger set definition = (definition::jsonb || '{"ordering": "row"}')::json`,
    );
    await engine.emit(stream, 3);
    await engine.database.query(`update ${engine.schema}.event set key = 'a'`);
    await copyRows();

    await (await adopting(copy)).adopt('deliver');

    const dispatcher = await TestDispatcher.start(copy);
    const due = await copy.database.query(
      `select new ->> 'n' as n from ${copy.schema}.retry where due < 'infinity'`,
    );
    expect(due, 'the first of the key').toEqual([{ n: '1' }]);
    const { retries } = await dispatcher.cycle({
      retried: [stream],
      retries: 10,
      exclusive: [stream],
    });
    expect(new Set(numbersOf(retries))).toEqual(new Set([1, 2, 3]));
  });

  it('is not what a table is that was frozen and rewritten', async () => {
    await engine.database.query(`vacuum (full, freeze) ${engine.schema}.installation`);
    await engine.emit(stream);

    expect(await (await TestDispatcher.start(engine)).drain(stream)).toEqual([1]);
  });

  it('that runs under another deployment is not delivered before it is adopted', async () => {
    await register(engine, 'production');
    await engine.emit(stream);

    await expect(register(engine, 'staging')).rejects.toMatchObject({ code: 'ET010' });
    await register(engine, null);

    expect(await (await adopting(engine, 'staging')).adopt('deliver')).toBe(1);

    await register(engine, 'staging');
    await expect(register(engine, 'production')).rejects.toMatchObject({ code: 'ET010' });
  });

  it('is not adopted twice, nor where it is at home', async () => {
    await engine.emit(stream);
    const service = await adopting(engine, 'production');

    await expect(service.adopt('discard')).rejects.toMatchObject({ code: 'ET_NOTHING_TO_ADOPT' });
    await expect(service.adopt('keep' as 'deliver')).rejects.toMatchObject({
      code: 'ET_INVALID_ADOPTION',
    });

    const dispatcher = await TestDispatcher.start(engine);
    expect(await dispatcher.drain(stream), 'nothing was given up').toEqual([1]);
  });
});
