import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DeliveryTracer } from '../../../lib/pipeline/deliver/delivery-tracer.js';
import { EventDeliverer } from '../../../lib/pipeline/deliver/event-deliverer.js';
import type { Outcome } from '../../../lib/pipeline/deliver/outcome.js';
import { traceHeaders } from '../../../lib/pipeline/deliver/trace-headers.js';
import { WebhookClient } from '../../../lib/pipeline/deliver/webhook-client.js';
import { startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { LANES } from '../support/lanes.js';
import { destinationOf, event } from '../support/trigger.js';

const WRITER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const ATTEMPT = '00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01';

describe('what goes along of a trace', () => {
  it.each([
    [
      'what a propagator gives',
      { traceparent: ATTEMPT, B3: '1' },
      ['traceparent', ATTEMPT, 'b3', '1'],
    ],
    [
      'nothing that only the sender sets',
      { 'Webhook-Id': 'forged', 'ce-id': 'x', host: 'x' },
      null,
    ],
    ['nothing that the definition sets', { tracestate: 'a=1', 'x-secret': 'forged' }, null],
    ['nothing that no request can carry', { 'no name': '1', b3: 'a\r\nb', baggage: 'é' }, null],
    ['nothing where there is none', {}, null],
  ])('is %s', (_, carrier, expected) => {
    const definition = ['x-secret', 'swordfish', 'tracestate', 'own=1', 'accept', 'b3'];
    expect(traceHeaders(carrier as Record<string, string>, definition)).toEqual(expected);
  });
});

describe.each(LANES)('a traced webhook that is sent %s', (_, makeInstance) => {
  let receiver: FakeReceiver;
  let deliverer: EventDeliverer;
  let untraced: EventDeliverer;
  let carrier: Record<string, string>;
  let ended: (readonly [Outcome, readonly Outcome[] | undefined])[];

  beforeEach(async () => {
    receiver = await startFakeReceiver();
    carrier = { traceparent: ATTEMPT, tracestate: 'vendor=1' };
    ended = [];
    const tracer: DeliveryTracer = {
      begin: () => ({
        run: (work) => work(),
        carrierTo: () => carrier,
        end: (outcome, each) => void ended.push([outcome, each]),
      }),
      unwatched: (send) => send(),
    };
    const client = () => new WebhookClient(makeInstance(), { connections: 1 });
    deliverer = new EventDeliverer(client(), tracer);
    untraced = new EventDeliverer(client());
  });
  afterEach(async () => {
    await deliverer.close();
    await untraced.close();
    await receiver.close();
  });

  it('has the headers of the attempt, and otherwise what it has without', async () => {
    const destination = destinationOf({ webhook: receiver.url });
    const given = event({ trace: WRITER });
    const outcome = await deliverer.deliver(destination, given);
    await untraced.deliver(destination, given);

    const [traced, plain] = receiver.requests;
    expect(traced?.headers).toMatchObject({ traceparent: ATTEMPT, tracestate: 'vendor=1' });
    expect(plain?.headers).toMatchObject({ traceparent: WRITER });
    expect(traced?.body, 'the body names the writer in either case').toBe(plain?.body);
    const names = ({ headers }: { headers: object } = { headers: {} }) =>
      Object.keys(headers)
        .filter((name) => name !== 'tracestate')
        .sort();
    expect(names(traced)).toEqual(names(plain));
    expect(ended).toEqual([[outcome, undefined]]);
  });

  it('has the trace of the writer where the attempt has none', async () => {
    carrier = {};
    await deliverer.deliver(destinationOf({ webhook: receiver.url }), event({ trace: WRITER }));
    expect(receiver.requests[0]?.headers['traceparent']).toBe(WRITER);
    expect(receiver.requests[0]?.headers).not.toHaveProperty('tracestate');
  });

  it('has them once where it carries several events', async () => {
    const destination = destinationOf({ webhook: receiver.url, bundle: { size: 9, within: 0 } });
    const events = [event({ trace: WRITER }), event()];
    const { whole, each } = await deliverer.deliverBundle(destination, events);
    await untraced.deliverBundle(destination, events);

    const [traced, plain] = receiver.requests;
    expect(traced?.headers).toMatchObject({ traceparent: ATTEMPT, tracestate: 'vendor=1' });
    expect(plain?.headers).not.toHaveProperty('traceparent');
    expect(traced?.body).toBe(plain?.body);
    expect(ended).toEqual([[whole, each]]);
  });

  it('has them beside what a transform makes of it', async () => {
    const transforms = new Map([
      ['orders_all', () => ({ headers: { tracestate: 'own=1' }, body: 'transformed' })],
    ]);
    const destination = destinationOf({ webhook: receiver.url, transformed: true }, { transforms });
    await deliverer.deliver(destination, event({ trace: WRITER }));
    expect(receiver.requests[0]).toMatchObject({
      body: 'transformed',
      headers: { traceparent: ATTEMPT, tracestate: 'own=1' },
    });
  });
});
