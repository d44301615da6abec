import { describe, expect, it } from 'vitest';
import { singleHeader } from '../../lib/webhook/single-header.js';

const NAME = 'nhost-webhook-secret';

describe('singleHeader', () => {
  it('finds a header that was sent once, whatever the capitals in which it is asked for', () => {
    const request = { headers: { [NAME]: 's' }, rawHeaders: ['Nhost-Webhook-Secret', 's'] };
    expect(singleHeader(request, NAME)).toBe('s');
    expect(singleHeader(request, 'NHOST-WEBHOOK-SECRET')).toBe('s');
  });

  it('finds none where the header was sent in two capitalisations', () => {
    const rawHeaders = ['Nhost-Webhook-Secret', 'a', NAME, 'b'];
    expect(singleHeader({ headers: { [NAME]: 'a, b' }, rawHeaders }, NAME)).toBeUndefined();
  });

  it('does not take a value for a name', () => {
    const rawHeaders = [NAME, 's', 'access-control-request-headers', NAME];
    expect(singleHeader({ headers: { [NAME]: 's' }, rawHeaders }, NAME)).toBe('s');
  });

  it('finds none where the header is missing or a list', () => {
    expect(singleHeader({ headers: {} }, NAME)).toBeUndefined();
    expect(singleHeader({ headers: { [NAME]: ['s'] } }, NAME)).toBeUndefined();
  });
});
