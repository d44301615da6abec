import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RECORD_PARAMETERS } from '../../../lib/pipeline/claim/claim.sql.js';
import type { TriggerId } from '../../../lib/pipeline/event.js';
import { eventually } from '../../support/wait-until.js';
import { createEngine, type Engine } from '../support/engine.js';
import { expireLease } from '../support/leases.js';
import {
  attemptsAt,
  attemptsAtEvents,
  numbersOf,
  openBatch,
  TestDispatcher,
} from '../support/test-dispatcher.js';

describe('recording attempts', () => {
  let engine: Engine;
  let stream: TriggerId;
  let dispatcher: TestDispatcher;

  beforeEach(async () => {
    engine = await createEngine();
    stream = await engine.addStream();
    dispatcher = await TestDispatcher.start(engine);
  });

  afterEach(() => engine.drop());

  const claimed = async (count: number) => {
    await engine.emit(stream, count);
    const { batches } = await dispatcher.claim(stream);
    return batches[0]!;
  };
  const recordStatement = () =>
    `select ${engine.schema}.record_v1($1, ${Array.from({ length: RECORD_PARAMETERS }, (_, place) => `$${place + 2}`).join(', ')})`;
  const count = async (table: string) => {
    const [row] = await engine.database.query<{ count: number }>(
      `select count(*)::int as count from ${engine.schema}.${table}`,
    );
    return row!.count;
  };

  it('closes a batch when all of it is recorded, and not before', async () => {
    const batch = await claimed(3);
    const open = openBatch(batch);
    await dispatcher.record(
      attemptsAtEvents(batch.events.slice(0, 2), { kind: 'delivered' }, open),
    );
    expect(await count('batch_done')).toBe(0);

    await dispatcher.record(attemptsAtEvents(batch.events.slice(2), { kind: 'delivered' }, open));

    expect(await count('batch_done')).toBe(1);
    expect(await count('attempt')).toBe(3);
  });

  it('writes nothing twice when the answer to a group got lost and it is sent again', async () => {
    const batch = await claimed(2);
    const [retried, delivered] = attemptsAt(batch, { kind: 'delivered' });
    dispatcher.recorder.add({ ...retried!, decision: { kind: 'retry', delay: 60_000 } });
    dispatcher.recorder.add(delivered!);
    const sent = dispatcher.recorder.take(performance.now())!;
    await dispatcher.connections.run('lost', recordStatement(), [dispatcher.id, ...sent]);

    await dispatcher.recorder.flush(dispatcher.id, () => performance.now());

    expect(await count('attempt'), 'two attempts were made').toBe(2);
    expect(await count('retry')).toBe(1);
    expect(dispatcher.recorder.size, 'nothing is left to write').toBe(0);
  });

  it('writes nothing twice when the call whose answer got lost is still at work', async () => {
    const batch = await claimed(2);
    for (const attempt of attemptsAt(batch, { kind: 'delivered' }))
      dispatcher.recorder.add(attempt);
    const lost = await engine.database.client();
    await lost.query('begin');
    await lost.query(recordStatement(), [
      dispatcher.id,
      ...dispatcher.recorder.take(performance.now())!,
    ]);

    const repeated = dispatcher.recorder.flush(dispatcher.id, () => performance.now());
    await eventually(async () => {
      const waiting = await engine.database.query(
        `select from pg_stat_activity where wait_event = 'advisory' and datname = current_database()`,
      );
      return waiting.length > 0;
    });
    await lost.query('commit');
    await repeated;

    expect(await count('attempt'), 'two attempts were made').toBe(2);
  });

  it('writes nothing twice when the lost call comes after its repetition', async () => {
    const batch = await claimed(2);
    for (const attempt of attemptsAt(batch, { kind: 'delivered' }))
      dispatcher.recorder.add(attempt);
    const lost = [dispatcher.id, ...dispatcher.recorder.take(performance.now())!];
    await dispatcher.lease.rename({ batches: [openBatch(batch)], retries: [] });
    await dispatcher.recorder.flush(dispatcher.id, () => performance.now());

    const late = dispatcher.connections.run('late', recordStatement(), lost);

    await expect(late).rejects.toMatchObject({ code: 'ET005' });
    expect(await count('attempt'), 'two attempts were made').toBe(2);
  });

  it('does not count a failure of what somebody else holds meanwhile', async () => {
    const batch = await claimed(3);
    const [failed, delivered] = attemptsAt(batch, { kind: 'delivered' });
    const heir = await TestDispatcher.start(engine);
    await expireLease(engine, dispatcher);
    await heir.recover([stream]);

    dispatcher.recorder.add({ ...failed!, decision: { kind: 'retry', delay: 0 } });
    const inTime = dispatcher.recorder.flush(dispatcher.id, () => performance.now());
    await expect(inTime, 'under a name that has run out').rejects.toMatchObject({ code: 'ET005' });
    await dispatcher.lease.register();
    await dispatcher.record([delivered!]);

    expect(await count('attempt'), 'both were made').toBe(2);
    expect(await count('retry'), 'the heir attempts it, and may have done so').toBe(0);
    expect(await count('batch_done'), 'the heir closes it').toBe(0);
    await heir.lease.release(batch.id);
    const [owed] = await dispatcher.recover([stream]);
    expect(numbersOf(owed!.events), 'what failed is owed; what was delivered is not').toEqual([
      1, 3,
    ]);
  });

  it('does not count a failure of what it let go of and took over again', async () => {
    const batch = await claimed(2);
    const [failed, delivered] = attemptsAt(batch, { kind: 'delivered' });
    await expireLease(engine, dispatcher);
    await dispatcher.lease.register();
    await dispatcher.recover([stream]);

    failed!.batch!.held = false;
    await dispatcher.record([{ ...failed!, decision: { kind: 'retry', delay: 0 } }, delivered!]);

    expect(await count('retry'), 'it is in hand and will be attempted').toBe(0);
    expect(await count('batch_done'), 'not by whoever let go of it').toBe(0);
  });

  it('keeps headers that are alike once, and shows each attempt its own', async () => {
    const batch = await claimed(4);
    const headers = ['{"n":"1"}', '{"n":"1"}', '{"n":"2"}', '{"n":"1"}'];
    const answered = attemptsAt(batch, { kind: 'delivered' }).map((attempt, place) => ({
      ...attempt,
      outcome: { ...attempt.outcome!, responseHeaders: headers[place]! },
    }));
    await dispatcher.record(answered.slice(0, 3));
    await dispatcher.record(answered.slice(3));

    const rows = await engine.database.query<{ shown: string; kept: string | null }>(
      `select a.response_headers as shown, t.response_headers as kept
         from ${engine.schema}.delivery_attempt a
         join ${engine.schema}.attempt t
           on t.event_id = a.event_id
        order by a.event_id`,
    );
    expect(rows.map(({ shown }) => shown)).toEqual(headers);
    expect(
      rows.map(({ kept }) => kept),
      'the later of two that were recorded together keeps them for both',
    ).toEqual([null, ...headers.slice(1)]);
  });

  it('shows the headers that each got where an event was attempted by two', async () => {
    const batch = await claimed(2);
    const answered = (by: string) =>
      attemptsAt(batch, { kind: 'delivered' }).map((attempt) => ({
        ...attempt,
        outcome: { ...attempt.outcome!, responseHeaders: `{"by":"${by}"}` },
      }));
    const heir = await TestDispatcher.start(engine);
    await expireLease(engine, dispatcher);
    await heir.recover([stream]);
    await heir.record(answered('heir'));
    await dispatcher.lease.register();
    await dispatcher.record(answered('hung'));

    const rows = await engine.database.query<{ event_id: string; response_headers: string }>(
      `select event_id, response_headers from ${engine.schema}.delivery_attempt order by 1, 2`,
    );
    expect(rows).toEqual([
      { event_id: '2', response_headers: '{"by":"heir"}' },
      { event_id: '2', response_headers: '{"by":"hung"}' },
      { event_id: '3', response_headers: '{"by":"heir"}' },
      { event_id: '3', response_headers: '{"by":"hung"}' },
    ]);
  });

  it('keeps a dead letter with its payload and its reason', async () => {
    const batch = await claimed(1);

    await dispatcher.record(attemptsAt(batch, { kind: 'dead', reason: 'exhausted' }));

    const [letter] = await engine.database.query(
      `select new ->> 'n' as n, attempts, reason from ${engine.schema}.dead_letter`,
    );
    expect(letter).toEqual({ n: '1', attempts: 1, reason: 'exhausted' });
  });

  it('tells when an attempt ended by the clock of the database', async () => {
    const batch = await claimed(1);
    const [attempt] = attemptsAt(batch, { kind: 'delivered' });
    await dispatcher.record([{ ...attempt!, endedAt: performance.now() - 60_000 }]);

    const [row] = await engine.database.query<{ ago: number }>(
      `select extract(epoch from clock_timestamp() - created_at)::float8 as ago from ${engine.schema}.attempt`,
    );
    expect(row?.ago).toBeGreaterThan(59);
    expect(row?.ago).toBeLessThan(90);
  });
});
