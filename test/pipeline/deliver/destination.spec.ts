import { describe, expect, it } from 'vitest';
import type { StoredHeader } from '../../../lib/pipeline/attach/stored-trigger.js';
import type { WebhookDestination } from '../../../lib/pipeline/deliver/destination.js';
import { destinationOf } from '../support/trigger.js';

const headersOf = ({ headers }: WebhookDestination): Record<string, string> =>
  Object.fromEntries(
    headers.flatMap((name, place) => (place % 2 === 0 ? [[name, headers[place + 1]!]] : [])),
  );

describe('the destination of a trigger', () => {
  it('has environment variables in the place of their templates, anywhere', () => {
    const destination = destinationOf(
      {
        webhook: '{{BASE}}/v1/{{ PATH_OF_HOOK }}?q=1#fragment',
        headers: [
          { name: 'Authorization', value: 'Bearer {{TOKEN}}' },
          { name: 'x-env', valueFromEnv: 'TOKEN' },
        ],
      },
      { env: { BASE: 'https://example.com:8443', PATH_OF_HOOK: 'x', TOKEN: 'abc\n' } },
    );
    expect(destination).toMatchObject({ origin: 'https://example.com:8443', path: '/v1/x?q=1' });
    expect(
      headersOf(destination),
      'the line break at the end of a secret file is not sent',
    ).toMatchObject({
      authorization: 'Bearer abc',
      'x-env': 'abc',
    });
  });

  it('sends the module’s secret, unless the trigger has a header of that name or wants none', () => {
    const secret = { header: 'Nhost-Webhook-Secret', value: 'module' };
    const own: StoredHeader[] = [{ name: 'nhost-webhook-secret', value: 'own' }];
    const sent = (more: Parameters<typeof destinationOf>[0]) =>
      headersOf(destinationOf(more, { secret }))['nhost-webhook-secret'];
    expect(sent({})).toBe('module');
    expect(sent({ headers: own })).toBe('own');
    expect(sent({ sendSecret: false })).toBeUndefined();
  });

  it.each([
    ['{{MISSING}}/x', /"orders_all": webhook needs .* MISSING/],
    ['{{EMPTY}}/x', /EMPTY, which is not set/],
    ['{{constructor}}/x', /constructor, which is not set/],
    ['{{not-a-name}}', /names no environment variable/],
    ['http://{{OPEN', /never closed/],
    ['nowhere', /comes to no URL/],
    ['ftp://example.com', /not ftp:/],
    ['http://user:pass@example.com', /user or a password/],
  ])('refuses the webhook %s and says why', (webhook, message) => {
    expect(() => destinationOf({ webhook }, { env: { EMPTY: '' } })).toThrow(message);
  });

  it.each([
    [{ name: 'Content-Length', value: '1' }, /Content-Length is set by the sender/],
    [{ name: 'Host', value: 'x' }, /Host is set by the sender/],
    [{ name: 'bad name', value: 'x' }, /no name of an HTTP header/],
    [{ name: 'x-split', value: 'a\r\nb' }, /line break/],
    [{ name: 'x-latin', value: 'é' }, /outside of ASCII/],
    [{ name: 'x-env', valueFromEnv: 'NONE' }, /header x-env needs .* NONE/],
  ])('refuses the header %j and says why', (header, message) => {
    expect(() => destinationOf({ headers: [header as StoredHeader] })).toThrow(message);
  });

  it('never shows a value in an error', () => {
    const attempt = () => destinationOf({ headers: [{ name: 'x', value: 'swordfish\n\n!' }] });
    expect(attempt).toThrow(/line break/);
    expect(attempt).not.toThrow(/swordfish/);
  });
});
