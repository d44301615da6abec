import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Backlog, type Waiting } from '../../../lib/pipeline/claim/backlog.js';
import type { EventNumber, TriggerId } from '../../../lib/pipeline/event.js';
import { event } from '../support/trigger.js';

/** More than a queue lets pass before it cuts off what is consumed. */
const MANY = 3_000;

interface Place {
  readonly trigger: number;
  readonly number: number;
}

const waiting = ({ trigger, number }: Place): Waiting<string> => ({
  event: event({ triggerId: trigger as TriggerId, number: String(number) as EventNumber }),
  batch: 'batch',
});

const add = (backlog: Backlog<string>, place: Place): void => {
  backlog.add(waiting(place));
};

const next = (backlog: Backlog<string>): Place | null => {
  const item = backlog.next();
  return item === undefined
    ? null
    : { trigger: item.event.triggerId, number: Number(item.event.number) };
};

const rest = (backlog: Backlog<string>): Place[] => {
  const places: Place[] = [];
  for (let place = next(backlog); place !== null; place = next(backlog)) places.push(place);
  return places;
};

const triggersOf = (places: readonly Place[]): number[] => places.map(({ trigger }) => trigger);

describe('the backlog', () => {
  it('lets triggers take turns, so that a page of one does not make another wait', () => {
    const backlog = new Backlog<string>();
    for (let number = 1; number <= 5; number += 1) add(backlog, { trigger: 1, number });
    for (let number = 1; number <= 2; number += 1) add(backlog, { trigger: 2, number });
    add(backlog, { trigger: 3, number: 1 });
    expect(triggersOf(rest(backlog))).toEqual([1, 2, 3, 1, 2, 1, 1, 1]);
  });

  it('gives a trigger that comes later the next turn but those that wait already', () => {
    const backlog = new Backlog<string>();
    for (let number = 1; number <= 3; number += 1) add(backlog, { trigger: 1, number });
    next(backlog);
    add(backlog, { trigger: 2, number: 1 });
    expect(triggersOf(rest(backlog))).toEqual([1, 2, 1]);
  });

  it('gives an event that has waited longer the first place of its trigger, and no other turn', () => {
    const backlog = new Backlog<string>();
    for (let number = 1; number <= 3; number += 1) add(backlog, { trigger: 1, number });
    add(backlog, { trigger: 2, number: 1 });
    next(backlog);
    for (const number of [8, 9]) backlog.addFirst(waiting({ trigger: 1, number }));
    expect(rest(backlog)).toEqual([
      { trigger: 2, number: 1 },
      ...[9, 8, 2, 3].map((number) => ({ trigger: 1, number })),
    ]);
  });

  it('loses nothing, repeats nothing and keeps the order of each trigger, however it is filled and emptied', () => {
    const taking = fc.constant(null);
    const adding = fc.integer({ min: 1, max: 4 });
    fc.assert(
      fc.property(fc.array(fc.oneof(taking, adding)), (steps) => {
        const backlog = new Backlog<string>();
        const put: Place[] = [];
        const got: Place[] = [];
        for (const [number, trigger] of steps.entries()) {
          if (trigger === null) {
            got.push(...[next(backlog)].filter((place) => place !== null));
          } else {
            put.push({ trigger, number });
            add(backlog, { trigger, number });
          }
        }
        got.push(...rest(backlog));
        for (const trigger of [1, 2, 3, 4]) {
          const own = (places: readonly Place[]) => places.filter((it) => it.trigger === trigger);
          expect(own(got), `events of trigger ${trigger}`).toEqual(own(put));
        }
      }),
    );
  });

  it('keeps the order of thousands while more come in', () => {
    const backlog = new Backlog<string>();
    const got: Place[] = [];
    for (let number = 0; number < MANY; number += 1) {
      add(backlog, { trigger: 1, number });
      if (number % 3 !== 0) got.push(next(backlog)!);
    }
    expect(backlog.waiting(1 as TriggerId)).toBe(MANY / 3);
    got.push(...rest(backlog));
    expect(got.map(({ number }) => number)).toEqual(Array.from({ length: MANY }, (_, n) => n));
  });

  it('knows what it holds in events and in characters', () => {
    const backlog = new Backlog<string>();
    const trigger = 1 as TriggerId;
    backlog.add({ event: event({ old: '12345', new: '123' }), batch: 'batch' });
    backlog.add({ event: event({ old: null, new: '12' }), batch: null });
    expect([backlog.waiting(trigger), backlog.bytes]).toEqual([2, 10]);
    backlog.next();
    expect([backlog.waiting(trigger), backlog.bytes]).toEqual([1, 2]);
    backlog.next();
    expect([backlog.waiting(trigger), backlog.bytes]).toEqual([0, 0]);
  });

  it('is as good as new when it was cleared', () => {
    const backlog = new Backlog<string>();
    for (let number = 1; number <= 3; number += 1) add(backlog, { trigger: 1, number });
    backlog.clear();
    expect([next(backlog), backlog.bytes, backlog.waiting(1 as TriggerId)]).toEqual([null, 0, 0]);
    add(backlog, { trigger: 1, number: 4 });
    expect(rest(backlog)).toEqual([{ trigger: 1, number: 4 }]);
  });
});
