import { describe, expect, it } from 'vitest';
import { networkErrorOf } from '../../../lib/pipeline/deliver/network-error.js';
import { answered } from '../../../lib/pipeline/deliver/outcome.js';
import { retryAfterOf } from '../../../lib/pipeline/deliver/retry-after.js';

const NOW = Date.parse('2026-11-24T04:00:00Z');
const answer = (status: number, headers = {}, body = '') =>
  answered({ status, headers, body: Buffer.from(body) }, 1, NOW);

describe('the outcome of an attempt', () => {
  it.each([200, 201, 202, 204, 299])('is delivered for %i', (status) => {
    expect(answer(status)).toMatchObject({ kind: 'delivered', status, error: null });
  });

  it.each([300, 304, 400, 401, 404, 429, 500, 503])('is another attempt for %i', (status) => {
    expect(answer(status)).toMatchObject({
      kind: 'retry',
      status,
      error: { code: `HTTP_${status}` },
    });
  });

  it('is the end of the event for 413, and of all of its trigger for 410', () => {
    expect(answer(413)).toMatchObject({ kind: 'rejected', error: { code: 'HTTP_413' } });
    expect(answer(410)).toMatchObject({ kind: 'gone', error: { code: 'HTTP_410' } });
  });

  it('names where a redirect pointed, and does not go there', () => {
    expect(answer(302, { location: 'https://new.example' }).error?.message).toContain(
      'https://new.example',
    );
  });

  it('keeps headers as JSON, also when the receiver sends too many of them', () => {
    const many = Object.fromEntries(
      Array.from({ length: 100 }, (_, place) => [`x-${place}`, 'y'.repeat(500)]),
    );
    const text = answer(200, { 'content-type': 'text/plain', ...many }).responseHeaders ?? '';
    expect(text.length).toBeLessThanOrEqual(8_192);
    expect(JSON.parse(text)).toMatchObject({
      'event-triggers-cut': 'true',
      'content-type': 'text/plain',
    });
  });

  it.each<[string, Record<string, string | string[]>[]]>([
    [
      'the same',
      [
        { a: '1', b: '2' },
        { a: '1', b: '2' },
      ],
    ],
    [
      'others',
      [
        { a: '1', b: '2' },
        { a: '1', b: '3' },
        { a: '1', b: '2' },
      ],
    ],
    ['fewer', [{ a: '1', b: '2' }, { a: '1' }, {}, { a: '1' }]],
    [
      'other names',
      [
        { a: '1', b: '2' },
        { a: '1', c: '2' },
      ],
    ],
    ['lists', [{ a: ['1', '2'] }, { a: ['1', '3'] }, { a: ['1', '3'] }]],
  ])('has the headers of its own answer where the next answer has %s', (_, answers) => {
    for (const headers of answers)
      expect(JSON.parse(answer(200, headers).responseHeaders!)).toEqual(headers);
  });

  it.each([
    ['120', 120_000],
    ['1.2', 2_000],
    ['Tue, 24 Nov 2026 04:00:30 GMT', 30_000],
    ['Tue, 24 Nov 2026 03:00:00 GMT', null],
    ['0', null],
    ['-5', null],
    ['soon', null],
    ['', null],
    ['1e9', null],
  ])('takes Retry-After %j as %j ms', (text, expected) => {
    expect(retryAfterOf(text, undefined, NOW)).toBe(expected);
  });

  it('takes a date in Retry-After by the receiver’s own clock', () => {
    const date = 'Tue, 24 Nov 2020 04:00:00 GMT';
    expect(retryAfterOf('Tue, 24 Nov 2020 04:01:00 GMT', date, NOW)).toBe(60_000);
  });

  it('asks for no pause after a success', () => {
    expect(answer(200, { 'retry-after': '60' }).retryAfter).toBeNull();
  });

  it('opens errors that carry others, whose own message is empty', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED ::1:1'), {
      code: 'ECONNREFUSED',
    });
    const wrapped = new Error('fetch failed', { cause: new AggregateError([refused, refused]) });
    expect(networkErrorOf(wrapped, 'http://localhost:1')).toEqual({
      code: 'ECONNREFUSED',
      message: 'http://localhost:1: nothing listens there',
    });
  });
});
