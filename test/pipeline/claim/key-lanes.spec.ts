import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Waiting } from '../../../lib/pipeline/claim/backlog.js';
import { KeyLanes } from '../../../lib/pipeline/claim/key-lanes.js';
import { keysOf, type EventNumber } from '../../../lib/pipeline/event.js';
import { event } from '../support/trigger.js';

type Item = Waiting<string>;
const TURN = 1;

const fresh = (number: number, key: string | null, keyBefore: string | null = null): Item => ({
  event: event({ number: String(number) as EventNumber, key, keyBefore }),
  batch: 'a batch',
});
const retry = (number: number, key: string, keyBefore: string | null = null): Item => ({
  ...fresh(number, key, keyBefore),
  batch: null,
});
const numbers = (items: readonly Item[]): number[] => items.map(({ event: e }) => Number(e.number));

function lanesWith(...items: Item[]): KeyLanes<string> {
  const lanes = new KeyLanes<string>();
  for (const item of items) lanes.add(item, TURN);
  return lanes;
}

function takeAll(lanes: KeyLanes<string>): Item[] {
  const taken: Item[] = [];
  while (lanes.hasNext) taken.push(lanes.next()!);
  return taken;
}

describe('the events in hand of an ordered trigger', () => {
  it('leave one at a time for each key, and at once for different keys', () => {
    const lanes = lanesWith(fresh(1, 'a'), fresh(2, 'a'), fresh(3, 'b'));

    const first = takeAll(lanes);
    expect(numbers(first), 'the first of each key').toEqual([1, 3]);

    lanes.finish(first[0]!);
    expect(numbers(takeAll(lanes)), 'the next of the key that is free').toEqual([2]);
  });

  it('keep no order without a key', () => {
    expect(numbers(takeAll(lanesWith(fresh(1, null), fresh(2, null))))).toEqual([1, 2]);
  });

  it('wait for both keys where a change gave the row another one', () => {
    const lanes = lanesWith(fresh(1, 'a'), fresh(2, 'b'), fresh(3, 'b', 'a'), fresh(4, 'a'));

    const [first, second] = takeAll(lanes);
    lanes.finish(first!);
    expect(lanes.hasNext, 'the change of the key waits for "b" as well').toBe(false);
    lanes.finish(second!);
    const [change] = takeAll(lanes);
    expect(change?.event.number).toBe('3');
    lanes.finish(change!);
    expect(numbers(takeAll(lanes)), 'the next of "a"').toEqual([4]);
  });

  it('are parked behind one that failed, and no others', () => {
    const lanes = lanesWith(fresh(1, 'a'), fresh(2, 'a'), fresh(3, 'b'), fresh(4, 'a'));

    const [failed] = takeAll(lanes);
    expect(numbers(lanes.fail(failed!))).toEqual([2, 4]);
    expect(lanes.add(fresh(5, 'a'), TURN), 'the next of the key').toBe('parked');
    expect(lanes.add(fresh(6, 'b'), TURN), 'the next of another key').toBe('waits');
  });

  it('are parked with a change of the key that is parked, in its other key too', () => {
    const lanes = lanesWith(fresh(1, 'a'), fresh(2, 'b'), fresh(3, 'b', 'a'), fresh(4, 'b'));

    const [failed, healthy] = takeAll(lanes);
    expect(numbers(lanes.fail(failed!))).toEqual([3, 4]);
    lanes.finish(healthy!);
    expect(lanes.hasNext, 'nothing is left').toBe(false);
    expect(lanes.add(fresh(5, 'b'), TURN)).toBe('parked');
  });

  it('of a key that failed are parked until the database has told of the retry in a later turn', () => {
    const lanes = lanesWith(fresh(1, 'a'));
    const [failed] = takeAll(lanes);
    lanes.fail(failed!);

    lanes.recorded([failed!.event], TURN, TURN);
    expect(
      lanes.add(fresh(2, 'a'), TURN),
      'the page was claimed before the retry was recorded',
    ).toBe('parked');
    lanes.recorded([fresh(2, 'a').event], TURN, TURN);
    lanes.recorded([], TURN + 1, TURN + 1);
    expect(lanes.add(fresh(3, 'a'), TURN + 1), 'claims see retries that are recorded').toBe(
      'waits',
    );
  });

  it('are parked where the claim says so', () => {
    const lanes = new KeyLanes<string>();
    const parked = ({ event, batch }: Item): Item => ({ event: { ...event, parked: true }, batch });
    expect(lanes.add(parked(fresh(2, 'a')), TURN)).toBe('parked');
    expect(lanes.add(parked(retry(3, 'a', 'b')), TURN), 'a change of the key').toBe('parked');
    expect(lanes.add(retry(1, 'a'), TURN), 'a retry that is the first').toBe('waits');
  });

  describe('when a change of the key comes as a retry, for the sake of its other key,', () => {
    const change = retry(8, 'c', 'a');

    it('let it wait for an earlier one that is under way', () => {
      const lanes = lanesWith(fresh(7, 'a'));
      const [earlier] = takeAll(lanes);
      expect(lanes.add(change, TURN)).toBe('waits');
      expect(lanes.hasNext, 'one of its keys is under way').toBe(false);
      lanes.finish(earlier!);
      expect(takeAll(lanes)).toEqual([change]);
    });

    it('park it behind an earlier one that has failed, until claims know of that', () => {
      const lanes = lanesWith(fresh(7, 'a'));
      const [earlier] = takeAll(lanes);
      lanes.fail(earlier!);
      expect(lanes.add(change, TURN), 'the failure is not recorded').toBe('parked');
      lanes.recorded([earlier!.event, change.event], TURN, TURN);
      expect(lanes.add(change, TURN), 'it was claimed before that was recorded').toBe('parked');
      lanes.recorded([change.event], TURN, TURN);
      expect(lanes.add(change, TURN + 1), 'a later claim has seen both').toBe('waits');
    });

    it('do not park it behind later ones, nor behind itself', () => {
      const lanes = lanesWith(fresh(9, 'a'));
      const [later] = takeAll(lanes);
      lanes.fail(later!);
      expect(lanes.add(change, TURN)).toBe('waits');
      const [first] = takeAll(lanes);
      lanes.fail(first!);
      expect(lanes.add(change, TURN)).toBe('waits');
    });
  });

  it('are not disturbed by the end of one that was let go of meanwhile', () => {
    const forgotten = fresh(1, 'a');
    const lanes = lanesWith(fresh(2, 'a'));

    expect(lanes.fail(forgotten), 'nothing in hand waited for it').toEqual([]);
    expect(numbers(takeAll(lanes))).toEqual([2]);
  });

  it('of one key never overlap, and none follows one that failed', () => {
    const keys = fc.constantFrom('a', 'b', 'c');
    const change = fc.record({
      key: keys,
      keyBefore: fc.option(keys, { freq: 4, nil: null }),
      step: fc.nat({ max: 2 }),
      pick: fc.nat({ max: 5 }),
      fails: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
        const lanes = new KeyLanes<string>();
        const underWay: Item[] = [];
        /** The earliest event of a key that has become a retry. */
        const stuck = new Map<string, number>();
        const stick = ({ event: e }: Item): void => {
          for (const one of keysOf(e))
            stuck.set(one, Math.min(stuck.get(one) ?? Infinity, Number(e.number)));
        };
        const last = new Map<string, number>();
        changes.forEach(({ key, keyBefore, step, pick, fails }, index) => {
          const before = keyBefore === key ? null : keyBefore;
          const item = fresh(index, key, before);
          const fate = lanes.add(item, TURN);
          expect(fate === 'parked').toBe(keysOf(item.event).some((one) => stuck.has(one)));
          if (fate === 'parked') stick(item);
          for (let begun = 0; begun < step && lanes.hasNext; begun += 1) {
            const next = lanes.next()!;
            for (const one of keysOf(next.event)) {
              const busy = underWay.some(({ event: e }) => keysOf(e).includes(one));
              expect(busy, `"${one}" has one under way`).toBe(false);
              expect(Number(next.event.number)).toBeGreaterThan(last.get(one) ?? -1);
              last.set(one, Number(next.event.number));
              expect(Number(next.event.number), `an earlier one of "${one}" failed`).toBeLessThan(
                stuck.get(one) ?? Infinity,
              );
            }
            underWay.push(next);
          }
          const [ended] = underWay.splice(pick % Math.max(1, underWay.length), 1);
          if (ended === undefined) return;
          if (!fails) return lanes.finish(ended);
          for (const one of [ended, ...lanes.fail(ended)]) stick(one);
        });
      }),
    );
  });
});
