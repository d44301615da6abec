import { describe, expect, it } from 'vitest';
import { CircuitBreaker } from '../../../lib/pipeline/retry/circuit-breaker.js';

const POLICY = {
  failureRatio: 0.5,
  window: 10_000,
  minimum: 4,
  pause: 1_000,
  maxPause: 4_000,
  disableAfter: null,
};
const NO_SPREAD = (): number => 0.5;

const breaker = (): CircuitBreaker => new CircuitBreaker(POLICY, NO_SPREAD);

/** One attempt after the other, all at the same time; what each of them changed. */
const attempts = (of: CircuitBreaker, now: number, ...ends: boolean[]): unknown[] =>
  ends.map((succeeded) => of.end(succeeded, of.begin(), now));

describe('a circuit breaker', () => {
  it('opens when too many of the attempts of a window fail', () => {
    const one = breaker();
    expect(attempts(one, 0, true, true, false, false)).toEqual([null, null, null, 'opened']);
    expect(one.isOpen(999)).toBe(true);
    expect(one.opensIn(0), 'milliseconds until the first probe').toBe(1_000);
  });

  it('concludes nothing from few attempts', () => {
    expect(attempts(breaker(), 0, false, false, false)).toEqual([null, null, null]);
  });

  it('forgets what is older than its window', () => {
    const one = breaker();
    attempts(one, 0, false, false, false);
    expect(attempts(one, 10_000, false), 'one failure in the window').toEqual([null]);
  });

  it('lets one probe through at a time', () => {
    const one = breaker();
    attempts(one, 0, false, false, false, false);
    expect(one.opensIn(1_000)).toBe(0);
    const probe = one.begin();
    expect(probe).toBe(true);
    expect(one.opensIn(1_000), 'while the probe is under way').toBeNull();
    one.end(true, probe, 1_000);
    expect(one.opensIn(1_000)).toBe(0);
  });

  it('closes after three probes that got through, and counts anew', () => {
    const one = breaker();
    attempts(one, 0, false, false, false, false);
    expect(attempts(one, 1_000, true, true, true)).toEqual([null, null, 'closed']);
    expect(attempts(one, 1_000, false, false, false), 'of a new window').toEqual([
      null,
      null,
      null,
    ]);
  });

  it('stays open after a vain probe, for longer each time up to a limit', () => {
    const one = breaker();
    attempts(one, 0, false, false, false, false);
    const pauses = [];
    for (let now = 1_000, probes = 0; probes < 4; probes += 1) {
      expect(attempts(one, now, false)).toEqual(['reopened']);
      pauses.push(one.opensIn(now));
      now += one.opensIn(now)!;
    }
    expect(pauses).toEqual([2_000, 4_000, 4_000, 4_000]);
  });

  it('hears nothing new of attempts that were under way when it opened', () => {
    const one = breaker();
    const late = one.begin();
    attempts(one, 0, false, false, false, false);
    expect(one.end(true, late, 500)).toBeNull();
    expect(one.isOpen(500)).toBe(true);
  });

  it('spreads its probes, so that replicas do not come in step', () => {
    const pauses = [0, 1].map((random) => {
      const one = new CircuitBreaker(POLICY, () => random);
      attempts(one, 0, false, false, false, false);
      return Math.round(one.opensIn(0)!);
    });
    expect(pauses).toEqual([800, 1_200]);
  });
});
