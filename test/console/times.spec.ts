import { describe, expect, it } from 'vitest';
import { fieldOf, localText, momentOf, utcText } from '../../lib/console/web/times.js';

describe('a time on the page', () => {
  it('is told in the zone of the viewer, and in UTC', () => {
    const iso = '2026-11-29T23:30:05.123Z';
    expect(localText(iso, 'Europe/Berlin')).toBe('30 Nov 2026, 00:30:05');
    expect(utcText(iso)).toBe('2026-11-29 23:30:05.123 UTC');
  });

  it('comes back from a field as it went in, to the second', () => {
    const time = new Date('2026-11-29T23:30:05.000Z');
    expect(momentOf(fieldOf(time))).toBe(time.toISOString());
  });

  it('is none where the field is empty or half written', () => {
    expect([momentOf(''), momentOf('2026-13')]).toEqual([null, null]);
  });
});
