import type { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventTriggersService } from '../../../lib/event-triggers.service.js';
import type { ClaimedBatch } from '../../../lib/pipeline/claim/claimed-rows.js';
import type { TriggerId } from '../../../lib/pipeline/event.js';
import type { Decision } from '../../../lib/pipeline/record/attempt.js';
import { Random } from '../../support/random.mjs';
import { createEngine, emit, type Engine } from '../support/engine.js';
import { expireLease } from '../support/leases.js';
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
const SEEDS = [1, 2, 3, 4, 5];
const STEPS = 120;
const PAGE = 3;

describe('events that are erased', () => {
  let engine: Engine;
  let stream: TriggerId;
  let service: EventTriggersService;
  let source: DataSource;

  beforeEach(async () => {
    engine = await createEngine();
    stream = await engine.addStream();
    ({ service, source } = await serviceOf(engine));
  });
  afterEach(async () => {
    await source.destroy();
    await engine.drop();
  });

  const erase = async (...keys: number[]): Promise<void> => {
    for (const key of keys) await service.erase(String(key), { cancelWaiting: true });
  };

  /** False where it is in somebody's hands. */
  async function isErased(key: number): Promise<boolean> {
    try {
      await erase(key);
      return true;
    } catch (error) {
      if ((error as { code: string }).code === 'ET_EVENT_IN_FLIGHT') return false;
      throw error;
    }
  }

  it('leave no gap where the cursor stands, and none at the ends of pages', async () => {
    const dispatcher = await TestDispatcher.start(engine, { events: PAGE });
    await engine.emit(stream, 10);
    const { batches } = await dispatcher.claim(stream);
    await dispatcher.deliver(batches[0]!);
    expect(numbersOf(batches[0]!.events)).toEqual([1, 2, 3]);

    // the one that the cursor names, those behind it, and the newest
    await erase(3, 4, 6, 10);

    expect(await dispatcher.drain(stream)).toEqual([5, 7, 8, 9]);
    await engine.emit(stream, 2, 11);
    expect(await dispatcher.drain(stream)).toEqual([11, 12]);
  });

  it('may be all that waits', async () => {
    const dispatcher = await TestDispatcher.start(engine, { events: PAGE });
    await engine.emit(stream, 4);
    await dispatcher.deliver((await dispatcher.claim(stream)).batches[0]!);

    await erase(1, 2, 3, 4);

    expect(await dispatcher.drain(stream)).toEqual([]);
    await engine.emit(stream, 1, 5);
    expect(await dispatcher.drain(stream)).toEqual([5]);
  });

  it('are not taken out of a batch that somebody has in hand, also one that is dead', async () => {
    const dead = await TestDispatcher.start(engine);
    await engine.emit(stream, 3);
    const [batch] = (await dead.claim(stream)).batches;
    const [one] = batch!.events;
    await dead.record(attemptsAtEvents([one!], DELIVERED, openBatch(batch!)));
    await expireLease(engine, dead);

    await erase(1);
    await expect(erase(2)).rejects.toMatchObject({ code: 'ET_EVENT_IN_FLIGHT' });

    const heir = await TestDispatcher.start(engine);
    const inherited = await heir.recover([stream]);
    expect(
      inherited.map(({ events }) => numbersOf(events)),
      'what is still owed',
    ).toEqual([[2, 3]]);
    await heir.deliver(inherited[0]!);
    await erase(2);
    expect(await heir.drain(stream)).toEqual([]);
  });

  it('wait for nobody who writes, and what commits later is still there', async () => {
    const dispatcher = await TestDispatcher.start(engine);
    const writer = await engine.database.client();
    await writer.query('begin');
    await emit(writer, engine.schema, stream, 2, 1);
    await engine.emit(stream, 2, 3);

    await erase(1, 3);
    expect(await dispatcher.drain(stream)).toEqual([4]);
    await writer.query('commit');

    expect(await dispatcher.drain(stream), 'also what nobody could see').toEqual([1, 2]);
  });

  it.each(SEEDS)(
    'change nothing for others, whatever happens meanwhile (seed %i)',
    async (seed) => {
      const random = new Random(seed);
      let dispatcher = await TestDispatcher.start(engine, { events: PAGE });
      let written = 0;
      const open: ClaimedBatch[] = [];
      const erased = new Set<number>();
      const arrived = new Map<number, number>();
      let crashes = 0;
      const arrive = (numbers: readonly number[]): void => {
        for (const number of numbers) {
          expect(erased, 'what was erased is not attempted').not.toContain(number);
          arrived.set(number, (arrived.get(number) ?? 0) + 1);
        }
      };
      const deliver = async (batch: ClaimedBatch, decision: Decision): Promise<void> => {
        if (decision === DELIVERED) arrive(numbersOf(batch.events));
        await dispatcher.record(attemptsAt(batch, decision));
      };
      const retry = async (): Promise<number> => {
        const { retries } = await dispatcher.cycle({ retried: [stream], retries: PAGE });
        arrive(numbersOf(retries));
        await dispatcher.record(attemptsAtEvents(retries, DELIVERED));
        return retries.length;
      };

      for (let step = 0; step < STEPS; step += 1) {
        const choice = random.next();
        if (choice < 0.3) {
          const count = random.between(1, 4);
          await engine.emit(stream, count, written + 1);
          written += count;
        } else if (choice < 0.5) open.push(...(await dispatcher.claim(stream)).batches);
        else if (choice < 0.7 && open.length > 0) {
          const [batch] = open.splice(random.between(0, open.length - 1), 1);
          await deliver(batch!, random.chance(0.7) ? DELIVERED : AT_ONCE);
        } else if (choice < 0.75) await retry();
        else if (choice < 0.95 && written > 0) {
          const key = random.between(1, written);
          if (await isErased(key)) erased.add(key);
        } else {
          crashes += 1;
          open.splice(0);
          await expireLease(engine, dispatcher);
          dispatcher = await TestDispatcher.start(engine, { events: PAGE });
          open.push(...(await dispatcher.recover([stream])));
        }
      }
      // Of the dead a few batches are taken over at a time.
      do {
        for (const batch of open.splice(0)) await deliver(batch, DELIVERED);
        open.push(...(await dispatcher.recover([stream])));
      } while (open.length > 0);
      arrive(await dispatcher.drain(stream));
      while ((await retry()) > 0);

      const all = Array.from({ length: written }, (_, place) => place + 1);
      const missing = all.filter((number) => !arrived.has(number) && !erased.has(number));
      expect(missing, 'neither delivered nor erased').toEqual([]);
      const most = crashes === 0 ? 1 : Number.POSITIVE_INFINITY;
      expect(Math.max(...arrived.values()), 'deliveries of one').toBeLessThanOrEqual(most);
      const [left] = await engine.database.query<{ keys: string[] }>(
        `select coalesce(array_agg(distinct e.key), '{}') as keys from ${engine.schema}.event e`,
      );
      const traces = left!.keys.filter((key) => erased.has(Number(key)));
      expect(traces, 'what is left of what was erased').toEqual([]);
    },
  );
});
