import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HMAC_BLOCK_BYTES, hmacSha256 } from '../../../lib/pipeline/deliver/hmac-sha256.js';

describe('HMAC-SHA256', () => {
  it('is what createHmac makes of any key up to a block and any text', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 0, maxLength: 64 }),
        fc.array(fc.string({ unit: 'binary', maxLength: 300 }), { minLength: 1, maxLength: 5 }),
        (key, texts) => {
          const hmac = hmacSha256(key);
          for (const text of texts) {
            const expected = createHmac('sha256', key).update(text).digest('base64');
            const padded = Buffer.concat([Buffer.alloc(HMAC_BLOCK_BYTES), Buffer.from(text)]);
            expect(hmac(padded)).toBe(expected);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('takes no key that is longer than a block', () => {
    expect(() => hmacSha256(new Uint8Array(65))).toThrow(/at most 64 bytes/);
  });
});
