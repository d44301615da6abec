import { timingSafeEqual } from 'node:crypto';
import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { matchesAnySecret, usableSecrets } from '../../lib/webhook/secret-comparison.js';

// The real comparison, which tells how often it was made: a clock would be too coarse a judge of its time.
vi.mock('node:crypto', async (importOriginal) => {
  const original = await importOriginal<typeof import('node:crypto')>();
  const { timingSafeEqual: compare } = original;
  return { ...original, timingSafeEqual: vi.fn<typeof compare>(compare) };
});

const secrets = fc.array(fc.string({ minLength: 1 }));

describe('matchesAnySecret', () => {
  beforeEach(() => {
    vi.mocked(timingSafeEqual).mockClear();
  });

  it('matches exactly the accepted secrets, of whatever length and wherever they stand', () => {
    fc.assert(
      fc.property(fc.string(), secrets, (presented, accepted) => {
        expect(matchesAnySecret(presented, accepted)).toBe(accepted.includes(presented));
        expect(matchesAnySecret(presented, [presented, ...accepted])).toBe(true);
        expect(matchesAnySecret(presented, [...accepted, presented])).toBe(true);
      }),
    );
  });

  it('matches nothing where nothing is accepted', () => {
    fc.assert(
      fc.property(fc.string(), (presented) => {
        expect(matchesAnySecret(presented, [])).toBe(false);
      }),
    );
  });

  it.each([
    ['the first matches', 'one'],
    ['the last matches', 'three'],
    ['none matches', 'four'],
    ['none has that length', 'a longer one'],
  ])('compares every secret in constant time where %s', (_case, presented) => {
    matchesAnySecret(presented, ['one', 'two', 'three']);

    expect(
      timingSafeEqual,
      'one comparison for each secret, so that the time does not tell which one matched',
    ).toHaveBeenCalledTimes(3);
  });
});

describe('usableSecrets', () => {
  it('keeps what a header can carry: never an empty text, never whitespace around it', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (configured) => {
        for (const secret of usableSecrets(configured)) {
          expect(secret).not.toBe('');
          expect(secret).toBe(secret.trim());
        }
      }),
    );
  });

  it('finds none where none is configured', () => {
    expect(usableSecrets(undefined)).toEqual([]);
    expect(usableSecrets('')).toEqual([]);
    expect(usableSecrets([])).toEqual([]);
  });
});
