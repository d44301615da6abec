import { beforeEach, describe, expect, it } from 'vitest';
import type { TriggerId } from '../../lib/pipeline/event.js';
import { Streams } from '../../lib/pipeline/streams.js';
import { destinationOf, trigger } from './support/trigger.js';

const [one, two, three] = [1, 2, 3] as TriggerId[] as [TriggerId, TriggerId, TriggerId];

describe('the streams of a replica', () => {
  let streams: Streams;

  beforeEach(() => {
    streams = new Streams();
    for (const id of [one, two, three]) learn(id);
  });

  const learn = (id: TriggerId, claimable = true): void =>
    streams.set({ trigger: trigger({ id }), destination: destinationOf({ id }), claimable });
  const remember = (asked: TriggerId[], again: TriggerId[], served: TriggerId[] = []): void =>
    streams.remember(asked, again, new Set(served));
  const hot = (): TriggerId[] => [one, two, three].filter((id) => streams.isHot(id));

  it('are all asked once they are known, whether or not the log grows', () => {
    expect(hot()).toEqual([one, two, three]);
  });

  it('are quiet once they were asked and had nothing left', () => {
    remember([one, two, three], []);
    expect(hot()).toEqual([]);
    expect(streams.claimable(), 'those that are asked if the log has news').toEqual([
      one,
      two,
      three,
    ]);
  });

  it('stay hot if there was no room to ask them', () => {
    remember([one], []);
    expect(hot()).toEqual([two, three]);
  });

  it('stay hot if they have more, behind those that got nothing', () => {
    remember([one, two, three], [one, three], [one]);
    expect(streams.claimable()).toEqual([three, one, two]);
  });

  it('do not get hot when their definition changes', () => {
    remember([one, two, three], []);
    learn(two);
    expect(hot()).toEqual([]);
  });

  it('get hot when this replica learns how to deliver them', () => {
    learn(two, false);
    expect(streams.claimable()).toEqual([one, three]);
    remember([one, three], []);
    learn(two);
    expect(hot()).toEqual([two]);
  });

  it('stand still once halted, whatever is learned of them, and the others go on', () => {
    streams.halt(two);
    learn(two);
    streams.heatAll();
    expect(streams.claimable()).toEqual([one, three]);
    expect(streams.get(two), 'what is in hand is delivered in any case').toBeDefined();
  });

  it('are all asked again after something may have been missed', () => {
    remember([one, two, three], []);
    streams.heatAll();
    expect(hot()).toEqual([one, two, three]);
  });
});
