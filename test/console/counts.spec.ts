import { describe, expect, it } from 'vitest';
import { barsOf } from '../../lib/console/web/bars.js';
import { everyMinute } from '../../lib/console/web/every-minute.js';
import { countText, errorRateText, eventsText, rateText } from '../../lib/console/web/counts.js';

describe('figures on the page', () => {
  it('say where counting ended', () => {
    expect([countText(9_999), countText(10_000)]).toEqual(['9,999', '10,000+']);
    expect([eventsText(1), eventsText(1_200)]).toEqual(['1 event', '1,200 events']);
  });

  it('tell a few attempts from none', () => {
    expect([0, 1, 90, 120_000].map((attempts) => rateText(attempts, 60))).toEqual([
      '0/min',
      '<0.1/min',
      '1.5/min',
      '2,000/min',
    ]);
  });

  it('say all only where all failed, and none only where none did', () => {
    expect(errorRateText(0, 0), 'no attempt').toBeNull();
    expect(errorRateText(0, 5)).toBe('0%');
    expect(errorRateText(1, 100_000)).toBe('<0.1%');
    expect(errorRateText(99_999, 100_000)).toBe('99.9%');
    expect(errorRateText(5, 5)).toBe('100%');
  });
});

describe('attempts by the minute', () => {
  it('have a place for each minute of the hour, also where there were none', () => {
    const now = Date.parse('2026-11-29T12:00:30.000Z');
    const counted = [{ at: '2026-11-29T11:59:00.000Z', delivered: 3, failed: 1 }];
    const minutes = everyMinute(counted, 60, now);
    expect(minutes.length).toBe(60);
    expect(minutes[0]).toEqual({ at: '2026-11-29T11:01:00.000Z', delivered: 0, failed: 0 });
    expect(minutes.slice(-2)).toEqual([
      counted[0],
      { at: '2026-11-29T12:00:00.000Z', delivered: 0, failed: 0 },
    ]);
  });
});

describe('the bars of a sparkline', () => {
  const bucket = (delivered: number, failed: number) => ({ at: '', delivered, failed });

  it('show one failure beside a thousand successes', () => {
    const [bar] = barsOf([bucket(1_000, 1)], 100, 20);
    expect(bar).toMatchObject({ delivered: 19, failed: 1 });
  });

  it('stay within their height and width, however many there are', () => {
    const bars = barsOf(
      Array.from({ length: 60 }, (_, at) => bucket(at, 60 - at)),
      120,
      20,
    );
    expect(bars.length).toBe(30);
    for (const { x, width, delivered, failed } of bars) {
      expect(delivered + failed, 'height').toBeLessThanOrEqual(20);
      expect(x + width, 'right edge').toBeLessThanOrEqual(120);
    }
  });

  it('are none where nothing was attempted', () => {
    expect(barsOf([], 120, 20)).toEqual([]);
    expect(barsOf([bucket(0, 0)], 120, 20)).toMatchObject([{ delivered: 0, failed: 0 }]);
  });
});
