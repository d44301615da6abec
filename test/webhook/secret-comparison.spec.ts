import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesAnySecret, usableSecrets } from '../../lib/webhook/secret-comparison.js';

const secrets = fc.array(fc.string({ minLength: 1 }));

describe('matchesAnySecret', () => {
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
