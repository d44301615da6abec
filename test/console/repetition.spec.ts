import { describe, expect, it } from 'vitest';
import { Repetition } from '../../lib/console/web/repetition.js';
import { eventually } from '../support/wait-until.js';

/** Work that ends when it is told to. */
function slowWork() {
  const ends: (() => void)[] = [];
  const signals: AbortSignal[] = [];
  const work = (signal: AbortSignal): Promise<void> => {
    signals.push(signal);
    return new Promise((resolve) => ends.push(resolve));
  };
  const begun = (count: number): Promise<unknown> =>
    eventually(() => ends.length === count, { describe: `${count} beginnings` });
  return { work, ends, signals, begun };
}

describe('work that is asked for too often', () => {
  it('is done once for all who ask while it is under way, after it has ended', async () => {
    const { work, ends, begun } = slowWork();
    const repetition = new Repetition(work);
    repetition.ask();
    repetition.ask();
    await begun(1);
    for (let times = 0; times < 5; times++) repetition.ask();
    expect(ends.length, 'at a time').toBe(1);
    ends[0]!();
    await begun(2);
    ends[1]!();
    repetition.ask();
    await begun(3);
  });

  it('begins no more once it has ended, and tells what is under way', async () => {
    const { work, ends, signals, begun } = slowWork();
    const repetition = new Repetition(work);
    repetition.ask();
    await begun(1);
    repetition.ask();
    repetition.end();
    expect(signals[0]!.aborted).toBe(true);
    ends[0]!();
    await Promise.resolve();
    repetition.ask();
    await Promise.resolve();
    expect(ends.length).toBe(1);
  });
});
