import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventId, eventNumberOf, installations } from '../../../lib/pipeline/deliver/event-id.js';
import type { EventNumber } from '../../../lib/pipeline/event.js';

const at = '2026-11-24 04:11:40.123456+00';
const idOf = (installation: number, number: number, createdAt = at) =>
  eventId(installation, { number: String(number) as EventNumber, createdAt });

describe('the id of an event', () => {
  const installation = fc.integer({ min: 0, max: installations - 1 });
  const number = fc.integer({ min: 0, max: 2 ** 52 - 1 });

  it('is a UUID of version 8 and says which installation and number it was made of', () => {
    fc.assert(
      fc.property(installation, number, (one, other) => {
        const id = idOf(one, other);
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(eventNumberOf(id)).toEqual({
          installation: one,
          number: String(other),
          millisecond: Date.parse('2026-11-24T04:11:40.123Z') % 2 ** 34,
        });
      }),
    );
  });

  it('is the same every time, and another one for another installation, number or time', () => {
    const ids = [idOf(1, 2), idOf(2, 2), idOf(1, 3), idOf(1, 2, '2026-11-24 04:11:40.124+00')];
    expect(idOf(1, 2)).toBe(ids[0]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('refuses parts that do not fit, instead of making an id that is not unique', () => {
    expect(() => idOf(installations, 1)).toThrow(RangeError);
    expect(() => idOf(1, 2 ** 52)).toThrow(RangeError);
    expect(() => idOf(1, 1, 'yesterday')).toThrow(RangeError);
  });

  it('is not read out of a text that is none', () => {
    expect(eventNumberOf('7f1c0000-0000-4000-8000-000000000000')).toBeNull();
  });
});
