import { afterEach, describe, expect, it } from 'vitest';
import { DispatcherShifts, type Shift } from '../lib/dispatcher-shifts.js';
import { eventually } from './support/wait-until.js';

describe('the shifts of a dispatcher', () => {
  let shifts: DispatcherShifts;

  afterEach(() => shifts.stop());

  it('say once that the next one cannot begin, and that it has', async () => {
    const lines: string[] = [];
    const log = (_: string, { code }: { code: string }): number => lines.push(code);
    const shift = {
      dispatcher: {
        quietFor: () => Number.POSITIVE_INFINITY,
        prepareAbsence: () => Promise.resolve(0),
        problems: () => [],
      },
      end: () => Promise.resolve(),
    } as unknown as Shift;
    const beginnings = [true, false, false, true];
    shifts = new DispatcherShifts(
      () =>
        (beginnings.shift() ?? true)
          ? Promise.resolve(shift)
          : Promise.reject(new Error('it is down')),
      { suspendAfter: 0, lookEvery: 0 },
      { log, warn: log, error: log },
    );
    await shifts.start();

    await eventually(() => lines.includes('dispatcher-able'), { describe: 'the next shift' });
    expect(lines).toEqual(['dispatcher-unable', 'dispatcher-able']);
    expect(shifts.problems()).toEqual([]);
  });
});
