import { describe, expect, it } from 'vitest';
import { planPartitions, type Partition } from '../../lib/pipeline/partition-plan.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const WEEK = { events: 7 * DAY, attempts: 7 * DAY, deadLetters: 30 * DAY };
const NOON = Date.UTC(2026, 10, 26, 12, 30);

const plan = (existing: readonly Partition[], now = NOON) => planPartitions(existing, WEEK, now);
const names = (partitions: readonly Partition[]): string[] => partitions.map(({ name }) => name);

describe('the plan for partitions', () => {
  it('makes those of the next two days or hours, and none for the present, which is being written to', () => {
    expect(names(plan([]).make)).toEqual([
      'event_2026112700',
      'event_2026112800',
      'attempt_2026112700',
      'attempt_2026112800',
      'tally_2026112700',
      'tally_2026112800',
      'batch_2026112613',
      'batch_2026112614',
      'batch_done_2026112613',
      'batch_done_2026112614',
      'tick_2026112613',
      'tick_2026112614',
    ]);
  });

  it('makes none that is there, and lets none go that is not old', () => {
    const { make } = plan([]);
    expect(plan(make)).toEqual({ make: [], leave: [] });
  });

  it('lets days go that ended before the retention, and hours two hours after their end', () => {
    const { make } = plan([]);
    expect(names(plan(make, NOON + 9 * DAY).leave)).toEqual([
      'event_2026112700',
      'attempt_2026112700',
      'tally_2026112700',
      'batch_2026112613',
      'batch_2026112614',
      'batch_done_2026112613',
      'batch_done_2026112614',
      'tick_2026112613',
      'tick_2026112614',
    ]);
    expect(names(plan(make, NOON + 3.4 * HOUR).leave), 'before two hours are over').toEqual([]);
  });

  it('makes one for rows that landed in the default one, once their time is over', () => {
    const landed = {
      log: 'event',
      name: 'event_default',
      startsAt: null,
      endsAt: null,
      oldest: NOON,
    };
    const made = (now: number) =>
      names(plan([landed], now).make).filter((name) => name.startsWith('event'));
    expect(made(NOON)).toEqual(['event_2026112700', 'event_2026112800']);
    expect(made(NOON + DAY)).toEqual(['event_2026112800', 'event_2026112900', 'event_2026112600']);
  });

  it('never lets a default partition go', () => {
    const unbounded = {
      log: 'event',
      name: 'event_default',
      startsAt: null,
      endsAt: null,
      oldest: null,
    };
    expect(plan([unbounded], NOON + 100 * DAY).leave).toEqual([]);
  });
});
