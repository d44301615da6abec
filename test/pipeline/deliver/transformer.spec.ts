import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventTriggerPayload } from '../../../lib/index.js';
import { EventRejectedError } from '../../../lib/event-triggers.errors.js';
import type { StoredTrigger } from '../../../lib/pipeline/attach/stored-trigger.js';
import type { Transform } from '../../../lib/pipeline/attach/transform.js';
import { AddressRules } from '../../../lib/pipeline/deliver/address-rules.js';
import { EventDeliverer } from '../../../lib/pipeline/deliver/event-deliverer.js';
import type { Outcome } from '../../../lib/pipeline/deliver/outcome.js';
import { WebhookClient } from '../../../lib/pipeline/deliver/webhook-client.js';
import type { ClaimedEvent } from '../../../lib/pipeline/event.js';
import { startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { LANES } from '../support/lanes.js';
import { destinationOf, event, trigger } from '../support/trigger.js';

const KEY = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const TIMEOUT_MS = 300;
const SLACK_MS = 2_000;
const UNWATCHED = new AddressRules({ publicOnly: false, allow: [] });

describe.each(LANES)('a transform of a webhook that is sent %s', (_, makeInstance) => {
  let receiver: FakeReceiver;
  let elsewhere: FakeReceiver;
  let deliverer: EventDeliverer;

  beforeEach(async () => {
    receiver = await startFakeReceiver();
    elsewhere = await startFakeReceiver();
    deliverer = new EventDeliverer(new WebhookClient(makeInstance(), { connections: 1 }));
  });
  afterEach(async () => {
    await deliverer.close();
    await receiver.close();
    await elsewhere.close();
  });

  const deliver = (
    transform: Transform,
    given: Partial<ClaimedEvent> = {},
    more: Partial<StoredTrigger> = {},
  ): Promise<Outcome> => {
    const stored: Partial<StoredTrigger> = {
      webhook: `${receiver.url}/hook`,
      headers: [{ name: 'x-own', value: 'of the definition' }],
      signingKeys: [{ key: KEY, until: null }],
      transformed: true,
      ...more,
    };
    const destination = destinationOf(stored, {
      secret: { header: 'nhost-webhook-secret', value: 'swordfish' },
      transforms: new Map([[trigger().name, transform]]),
    });
    return deliverer.deliver(destination, event(given));
  };

  it('is given the payload, and which attempt it is for', async () => {
    const seen: unknown[] = [];
    await deliver((payload, { attempt }) => void seen.push(payload, attempt) as undefined, {
      new: '{"id":9223372036854775807}',
      attemptsBefore: 2,
    });
    expect(seen).toMatchObject([
      { trigger: { name: 'orders_all' }, event: { data: { new: { id: '9223372036854775807' } } } },
      3,
    ]);
  });

  it('that returns nothing lets the request go as it is defined', async () => {
    const given = event();
    await deliver(() => undefined, given);
    const [request] = receiver.requests;
    expect(request).toMatchObject({
      path: '/hook',
      headers: { 'x-own': 'of the definition', 'nhost-webhook-secret': 'swordfish' },
      body: destinationOf().format.body(given, request!.headers['webhook-id'] as string),
    });
  });

  it('changes path, headers and body, and the signature is that of the new body', async () => {
    const outcome = await deliver(({ event: { data } }: EventTriggerPayload<{ id: number }>) => ({
      url: `${receiver.url}/orders/${data.new?.id}?x=1`,
      headers: { 'X-Own': null, 'x-more': 'more', 'Content-Type': 'application/vnd.order+json' },
      body: { text: 'Grüße' },
    }));
    expect(outcome).toMatchObject({ kind: 'delivered', status: 200 });
    const [request] = receiver.requests;
    expect(request).toMatchObject({ path: '/orders/1?x=1', body: '{"text":"Grüße"}' });
    expect(request!.headers).toMatchObject({
      'x-more': 'more',
      'content-type': 'application/vnd.order+json',
      'nhost-webhook-secret': 'swordfish',
    });
    expect(request!.headers).not.toHaveProperty('x-own');
    expect(
      new Webhook(KEY).verify(request!.body, request!.headers as Record<string, string>),
    ).toEqual({ text: 'Grüße' });
  });

  it('sends text as it is', async () => {
    await deliver(() => Promise.resolve({ body: 'a=1&b=2' }));
    expect(receiver.requests[0]!.body).toBe('a=1&b=2');
  });

  it('takes neither the secret nor headers of the definition to another origin', async () => {
    await deliver(() => ({ url: new URL(`${elsewhere.url}/x`), headers: { 'x-mine': 'mine' } }));
    expect(receiver.requests).toEqual([]);
    const [{ headers } = { headers: {} }] = elsewhere.requests;
    expect(headers).toMatchObject({ 'x-mine': 'mine', 'event-triggers-name': 'orders_all' });
    expect(headers).not.toHaveProperty('x-own');
    expect(headers).not.toHaveProperty('nhost-webhook-secret');
  });

  it('skips an event, which is delivered then, and says so', async () => {
    expect(await deliver(() => 'skip')).toMatchObject({
      kind: 'delivered',
      status: null,
      error: { code: 'SKIPPED' },
    });
    expect(receiver.requests).toEqual([]);
  });

  it('that throws is a failed attempt with its reason', async () => {
    const broken = (): never => {
      throw Object.assign(new Error('no such template'), { code: 'NO_TEMPLATE' });
    };
    expect(await deliver(broken)).toMatchObject({
      kind: 'retry',
      error: { code: 'NO_TEMPLATE', message: 'no such template' },
    });
  });

  it('gives an event up by an EventRejectedError', async () => {
    const outcome = await deliver(() => Promise.reject(new EventRejectedError('of a test shop')));
    expect(outcome).toMatchObject({ kind: 'rejected', error: { code: 'ET_EVENT_REJECTED' } });
  });

  it.each<[unknown, RegExp]>([
    [{ url: 'nowhere/swordfish' }, /gave as url comes to no URL/],
    [{ url: 'ftp://127.0.0.1/' }, /not ftp:/],
    [{ headers: { 'webhook-id': 'x' } }, /webhook-id is set by the sender/],
    [{ headers: { 'x-a': 'a\r\nb: c' } }, /header x-a has a line break/],
    [{ body: 1n }, /BigInt/],
    [{ body: () => 1 }, /cannot be written as JSON/],
    ['skipp', /returned "skipp"\n.*Return \{ url, headers, body \}/],
    [null, /returned null/],
  ])('that returns %o is a failed attempt that says what is wrong', async (wanted, message) => {
    const outcome = await deliver((() => wanted) as Transform);
    expect(outcome).toMatchObject({
      kind: 'retry',
      error: { message: expect.stringMatching(message) },
    });
    expect(outcome.error!.message, 'what may be a secret is not shown').not.toContain('swordfish');
    expect(receiver.requests).toEqual([]);
  });

  it('goes nowhere where no webhook may go', async () => {
    const outcome = await deliver(() => ({ url: 'http://169.254.169.254/latest' }));
    expect(outcome).toMatchObject({ error: { message: expect.stringMatching(/169\.254/) } });
    const plain = destinationOf(
      { webhook: 'https://127.0.0.1:9/', transformed: true },
      {
        rules: { addresses: UNWATCHED, requireHttps: true },
        transforms: new Map([[trigger().name, (() => ({ url: receiver.url })) as Transform]]),
      },
    );
    expect(await deliverer.deliver(plain, event())).toMatchObject({
      kind: 'retry',
      error: { message: expect.stringMatching(/does not go over HTTPS/) },
    });
    expect(receiver.requests).toEqual([]);
  });

  it('and the request together take no longer than the timeout of the trigger', async () => {
    const begin = performance.now();
    let aborted = false;
    const hangs: Transform = (_payload, { signal }) => {
      signal.addEventListener('abort', () => (aborted = true));
      return new Promise(() => undefined);
    };
    expect(await deliver(hangs, {}, { timeout: TIMEOUT_MS })).toMatchObject({
      kind: 'retry',
      error: { code: 'ETIMEDOUT', message: expect.stringMatching(/in its transform/) },
    });
    expect(aborted, 'it is told').toBe(true);
    receiver.respondWith({ delayMs: 60_000 });
    expect(await deliver(() => ({}), {}, { timeout: TIMEOUT_MS })).toMatchObject({
      kind: 'retry',
      error: { code: 'ETIMEDOUT' },
    });
    expect(performance.now() - begin).toBeLessThan(2 * TIMEOUT_MS + SLACK_MS);
  });

  it('is let go of when the process stops', async () => {
    let begun: () => void = () => undefined;
    const beginning = new Promise<void>((resolve) => (begun = resolve));
    const outcome = deliver(
      () => {
        begun();
        return new Promise(() => undefined);
      },
      {},
      { timeout: 60_000 },
    );
    await beginning;
    await deliverer.close();
    expect(await outcome).toMatchObject({ kind: 'retry', status: null });
  });
});

describe('a trigger that another release has stored with a transform', () => {
  it('is not delivered by one without it', () => {
    expect(() => destinationOf({ transformed: true })).toThrow(
      /its definition here has no transform/,
    );
  });
});
