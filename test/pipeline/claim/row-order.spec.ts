import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClaimedBatch } from '../../../lib/pipeline/claim/claimed-rows.js';
import type { ClaimedEvent, TriggerId } from '../../../lib/pipeline/event.js';
import type { Decision } from '../../../lib/pipeline/record/attempt.js';
import { eventually } from '../../support/wait-until.js';
import { createEngine, type Engine } from '../support/engine.js';
import { emitKeyed } from '../support/keyed-events.js';
import { expireLease } from '../support/leases.js';
import {
  attemptsAtEvents,
  numbersOf,
  openBatch,
  TestDispatcher,
} from '../support/test-dispatcher.js';

const DELIVERED: Decision = { kind: 'delivered' };
const AT_ONCE: Decision = { kind: 'retry', delay: 0 };
const LATER: Decision = { kind: 'retry', delay: 3_600_000 };
const PARKED: Decision = { kind: 'parked' };

describe('a trigger whose rows are kept in order', () => {
  let engine: Engine;
  let stream: TriggerId;
  let dispatcher: TestDispatcher;

  beforeEach(async () => {
    engine = await createEngine();
    stream = await engine.addStream({ content: { ordering: 'row' } });
    dispatcher = await TestDispatcher.start(engine);
  });
  afterEach(() => engine.drop());

  const emit = (from: number, ...keys: string[]): Promise<void> =>
    emitKeyed(engine, stream, from, keys);

  async function claimed(by = dispatcher): Promise<ClaimedBatch> {
    const { batches } = await by.claim(stream);
    expect(batches, 'pages that were claimed').toHaveLength(1);
    return batches[0]!;
  }

  /** Records of one batch: the decision of each event in turn. */
  async function record(
    batch: ClaimedBatch,
    decisions: readonly Decision[],
    by = dispatcher,
  ): Promise<void> {
    const open = openBatch(batch);
    await by.record(
      batch.events.flatMap((event, index) =>
        attemptsAtEvents([event], decisions[index]!, open, true),
      ),
    );
  }

  async function settle(
    events: readonly ClaimedEvent[],
    decision: Decision,
    by = dispatcher,
  ): Promise<void> {
    await by.record(attemptsAtEvents(events, decision, null, true));
  }

  const dueRetries = async (by = dispatcher): Promise<ClaimedEvent[]> => {
    const { retries } = await by.cycle({
      eligible: [],
      retried: [stream],
      retries: 10,
      exclusive: [stream],
    });
    return retries.toSorted((one, other) => Number(one.number) - Number(other.number));
  };

  const waiting = async (): Promise<{ n: number; due: string; attempts: number }[]> =>
    engine.database.query(
      `select (new ->> 'n')::integer as n, case when due = 'infinity' then 'behind' else 'due' end as due, attempts
         from ${engine.schema}.retry order by event_id`,
    );

  it('parks what comes after a retry of the same key, and nothing else', async () => {
    await emit(1, 'a');
    await record(await claimed(), [LATER]);
    await emit(2, 'a', 'b');

    const { events } = await claimed();

    expect(events.map(({ parked }) => parked)).toEqual([true, false]);
  });

  it('makes the next of a key due when the one before it is through', async () => {
    await emit(1, 'a', 'a', 'a');
    await record(await claimed(), [AT_ONCE, PARKED, PARKED]);
    expect(await waiting()).toEqual([
      { n: 1, due: 'due', attempts: 1 },
      { n: 2, due: 'behind', attempts: 0 },
      { n: 3, due: 'behind', attempts: 0 },
    ]);

    const retries = await dueRetries();
    expect(numbersOf(retries), 'the first and those that follow it').toEqual([1, 2, 3]);
    await settle(retries.slice(0, 1), DELIVERED);
    await settle(retries.slice(1, 2), LATER);
    await settle(retries.slice(2), PARKED);

    expect(await waiting()).toEqual([
      { n: 2, due: 'due', attempts: 1 },
      { n: 3, due: 'behind', attempts: 0 },
    ]);
  });

  it('parks a change of the key again that is due for one key, when an earlier event of the other fails', async () => {
    await emit(1, 'c', 'a', 'a>c');
    const page = await claimed();
    const [ofOne, ofOther, change] = page.events.map((event) => ({ ...page, events: [event] }));
    await record(ofOne!, [AT_ONCE]);
    await record(change!, [PARKED]);
    await settle(await dueRetries(), DELIVERED);
    await record(ofOther!, [LATER]);

    const [due] = await dueRetries();
    expect(due).toMatchObject({ number: change!.events[0]!.number, parked: true });
    await settle([due!], PARKED);
    expect(await waiting()).toEqual([
      { n: 2, due: 'due', attempts: 1 },
      { n: 3, due: 'behind', attempts: 0 },
    ]);

    await settle([ofOther!.events[0]!], DELIVERED);
    expect(
      (await dueRetries()).map(({ parked }) => parked),
      'nothing is before it',
    ).toEqual([false]);
  });

  it('lets go of what was parked although nothing is before it any more', async () => {
    await emit(1, 'a');
    await record(await claimed(), [AT_ONCE]);
    await emit(2, 'a');
    const behind = await claimed();
    await settle(await dueRetries(), DELIVERED);

    await record(behind, [PARKED]);

    expect(numbersOf(await dueRetries())).toEqual([2]);
  });

  it('hands an heir nothing that was parked and has been delivered while its batch was open', async () => {
    await emit(1, 'a');
    await record(await claimed(), [AT_ONCE]);
    await emit(2, 'a', 'b');
    const batch = await claimed();
    const [behind] = batch.events;
    await settle(await dueRetries(), DELIVERED);
    // The other event of the batch is still under way.
    await dispatcher.record(attemptsAtEvents([behind!], PARKED, openBatch(batch), true));
    await settle(await dueRetries(), DELIVERED);

    await expireLease(engine, dispatcher);
    const heir = await TestDispatcher.start(engine);

    const inherited = await heir.recover([stream]);
    expect(
      inherited.map(({ events }) => numbersOf(events)),
      'what is still owed of the batch',
    ).toEqual([[3]]);
  });

  it('lets go of what is parked while the one before it is leaving in another session', async () => {
    await emit(1, 'a');
    await record(await claimed(), [AT_ONCE]);
    await emit(2, 'a');
    const behind = await claimed();
    const leaving = await engine.database.client();
    await leaving.query('begin');
    await leaving.query(`delete from ${engine.schema}.retry`);
    await leaving.query(`select ${engine.schema}.advance_keys_v1($1, '{a}')`, [[stream]]);

    const parked = record(behind, [PARKED]);
    await eventually(async () => {
      const blocked = await engine.database.query(
        `select from pg_stat_activity where wait_event = 'advisory' and datname = current_database()`,
      );
      return blocked.length > 0;
    });
    await leaving.query('commit');
    await parked;

    expect(numbersOf(await dueRetries()), 'nothing is before it any more').toEqual([2]);
  });

  it('hands out with the first of a key only what waits for nothing else', async () => {
    await emit(1, 'a', 'a', 'a');
    await record(await claimed(), [AT_ONCE, LATER, PARKED]);

    expect(numbersOf(await dueRetries()), '3 waits for 2, which is due in an hour').toEqual([1]);
  });

  it('has a change of the key wait for both keys', async () => {
    await emit(1, 'a', 'b', 'a>b', 'b');
    await record(await claimed(), [AT_ONCE, AT_ONCE, PARKED, PARKED]);

    const first = await dueRetries();
    expect(numbersOf(first), 'the first of each key').toEqual([1, 2]);
    await settle(first.slice(0, 1), DELIVERED);
    expect(await dueRetries(), 'the change waits for "b"').toEqual([]);
    await settle(first.slice(1), DELIVERED);
    const change = await dueRetries();
    expect(numbersOf(change), 'the change alone').toEqual([3]);
    await settle(change, DELIVERED);
    expect(numbersOf(await dueRetries())).toEqual([4]);
  });

  it('goes on behind a dead letter', async () => {
    await emit(1, 'a', 'a');
    await record(await claimed(), [AT_ONCE, PARKED]);

    const retries = await dueRetries();
    await settle(retries, { kind: 'dead', reason: 'exhausted' });
    await emit(3, 'a');

    expect((await claimed()).events.map(({ parked }) => parked)).toEqual([false]);
  });

  it('keeps a key behind a dead letter where the definition says so', async () => {
    await engine.database.query(
      `update ${engine.schema}.event_trigger
          set definition = (definition::jsonb || '{"whenExhausted": "hold-key"}')::json`,
    );
    await emit(1, 'a', 'a');
    await record(await claimed(), [AT_ONCE, PARKED]);
    const [first, second] = await dueRetries();
    await settle([first!], { kind: 'dead', reason: 'exhausted' });
    await settle([second!], PARKED);
    await emit(3, 'a', 'b');

    expect(await dueRetries(), 'later ones of the key').toEqual([]);
    expect((await claimed()).events.map(({ parked }) => parked)).toEqual([true, false]);
  });

  it('lets only one dispatcher have work of it', async () => {
    const other = await TestDispatcher.start(engine, { events: 1 });
    await emit(1, 'a', 'b');
    const batch = await claimed();
    await emit(3, 'c');

    const refused = await other.claim(stream);
    expect(refused.batches, 'while the first one has a batch').toEqual([]);
    expect(refused.elsewhere).toEqual([stream]);

    await record(batch, [AT_ONCE, DELIVERED]);
    const retries = await dueRetries();
    expect((await other.claim(stream)).batches, 'while it has a retry in hand').toEqual([]);
    expect(await dueRetries(other), 'retries of it').toEqual([]);

    await settle(retries, DELIVERED);
    expect(numbersOf((await claimed(other)).events), 'once nothing is open').toEqual([3]);
    expect((await dispatcher.claim(stream)).elsewhere).toEqual([stream]);
  });

  it('goes on with the oldest batch of the dead, and with no new page before all is taken over', async () => {
    const first = await TestDispatcher.start(engine, { events: 1 });
    await emit(1, 'a', 'a', 'a');
    await first.claim(stream);
    await first.claim(stream);
    await expireLease(engine, first);

    const [oldest] = await dispatcher.recover([stream], 1);
    expect(numbersOf(oldest!.events)).toEqual([1]);
    expect((await dispatcher.claim(stream)).elsewhere, 'a page is left with the dead').toEqual([
      stream,
    ]);
    const [next] = await dispatcher.recover([stream], 1);
    expect(numbersOf(next!.events)).toEqual([2]);
    expect(numbersOf((await claimed()).events)).toEqual([3]);
  });

  it('takes over from two that went one after the other in the order of their batches', async () => {
    const first = await TestDispatcher.start(engine, { events: 1 });
    const second = await TestDispatcher.start(engine, { events: 1 });
    await emit(1, 'a', 'a');
    await first.claim(stream);
    await first.claim(stream);
    await expireLease(engine, first);
    const [oldest] = await second.recover([stream], 1);
    expect(numbersOf(oldest!.events)).toEqual([1]);
    await second.lease.release(oldest!.id);

    const taken: number[] = [];
    for (let round = 0; round < 2; round += 1) {
      for (const batch of await dispatcher.recover([stream]))
        taken.push(...numbersOf(batch.events));
    }
    expect(taken).toEqual([1, 2]);
  });

  it('makes what the dead had in hand due again, the first of each key', async () => {
    const dying = await TestDispatcher.start(engine);
    await emit(1, 'a', 'a', 'a');
    await record(await claimed(dying), [AT_ONCE, PARKED, PARKED], dying);
    const retries = await dueRetries(dying);
    await settle(retries.slice(0, 1), DELIVERED, dying);
    await expireLease(engine, dying);

    await dispatcher.recover([stream]);

    expect(await waiting()).toEqual([
      { n: 2, due: 'due', attempts: 0 },
      { n: 3, due: 'behind', attempts: 0 },
    ]);
    expect(numbersOf(await dueRetries())).toEqual([2, 3]);
  });

  it('hands out what is suspected of killing its process alone, and in order', async () => {
    await emit(1, 'a', 'a');
    for (let death = 0; death < 3; death += 1) {
      const dying = await TestDispatcher.start(engine);
      if (death === 0) await dying.claim(stream);
      else await dying.recover([stream]);
      await expireLease(engine, dying);
    }
    await dispatcher.recover([stream]);
    await emit(3, 'a');
    await record(await claimed(), [PARKED]);

    const suspects = await dueRetries();
    expect(numbersOf(suspects)).toEqual([1]);
    await settle(suspects, AT_ONCE);
    const again = await dueRetries();
    expect(numbersOf(again), 'nobody overtakes the suspect that follows').toEqual([1]);
    await settle(again, DELIVERED);
    const next = await dueRetries();
    expect(numbersOf(next)).toEqual([2]);
    await settle(next, DELIVERED);
    expect(numbersOf(await dueRetries())).toEqual([3]);
  });

  it('goes on under another name after an answer got lost', async () => {
    await emit(1, 'a');
    const batch = await claimed();
    await dispatcher.lease.rename({ batches: [openBatch(batch)], retries: [] });
    await emit(2, 'a');

    expect(numbersOf((await claimed()).events)).toEqual([2]);
  });
});
