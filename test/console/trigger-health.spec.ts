import { describe, expect, it } from 'vitest';
import type { Trigger } from '../../lib/console/web/answers.js';
import { reasonText, remedyOf } from '../../lib/console/web/remedies.js';
import { healthOf } from '../../lib/console/web/trigger-health.js';

const since = '2026-11-29T01:00:00.000Z';
const labelOf = (part: Partial<Trigger>): string =>
  healthOf({
    enabled: true,
    deliveryPaused: null,
    capturePaused: null,
    failingSince: null,
    removedAt: null,
    dead: 0,
    ...part,
  } as Trigger).label;

describe('the health of a trigger', () => {
  it('is told by the gravest of what is known', () => {
    const failing = { failingSince: since };
    const paused = { ...failing, deliveryPaused: { since, reason: 'failing' } } as const;
    expect(labelOf({})).toBe('Healthy');
    expect(labelOf({ dead: 1 })).toBe('Dead letters');
    expect(labelOf({ enabled: false })).toBe('Disabled');
    expect(labelOf({ capturePaused: { since, reason: 'hand' } })).toBe('Not capturing');
    expect(labelOf(failing)).toBe('Failing');
    expect(labelOf(paused)).toBe('Stopped');
    expect(labelOf({ ...paused, removedAt: since })).toBe('Removed');
  });

  it('tells a pause by hand from one that needs somebody', () => {
    expect(labelOf({ deliveryPaused: { since, reason: 'hand' } })).toBe('Paused');
    expect(labelOf({ deliveryPaused: { since, reason: 'gone' } })).toBe('Stopped');
  });
});

describe('what to do about a failure', () => {
  it('is said of every status of a failing server, and of what is known', () => {
    expect(remedyOf('HTTP_502')).toMatch(/Its log/);
    expect(remedyOf('HTTP_301')).toMatch(/Redirects/);
    expect(remedyOf('ECONNREFUSED')).toMatch(/listens/);
  });

  it('is not made up', () => {
    expect([remedyOf('HTTP_418'), remedyOf('SOMETHING'), remedyOf(null)]).toEqual([
      null,
      null,
      null,
    ]);
    expect(reasonText('unheard-of')).toContain('unheard-of');
  });
});
