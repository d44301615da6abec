import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordSpans } from './recorded-spans.js';
import {
  EmailsModule,
  idOf,
  inSpan,
  ORDERS,
  parentOf,
  save,
  TRACE_ID,
  TracedOrders,
  tracedReceiver,
  traceIn,
  TRACEPARENT,
  traceparentOf,
} from './traced-orders.js';

describe('a trace', () => {
  let orders: TracedOrders;

  beforeEach(async () => {
    orders = await TracedOrders.create();
  });
  afterEach(() => orders.drop());

  it('leads from whoever saves an entity over its delivery to the receiver', async () => {
    const { spans: recorded, dataSource } = await orders.start();
    await inSpan('place an order', () => save(dataSource, 1));

    const [receiving] = await recorded.named('receive');
    const [delivery] = await recorded.named('deliver order_created');
    const [writer] = await recorded.named('place an order');
    expect(parentOf(delivery), 'the writer is the parent of the delivery').toBe(idOf(writer));
    expect(parentOf(receiving), 'the delivery is the parent of the receiver').toBe(idOf(delivery));
    expect(receiving?.spanContext().traceId).toBe(writer?.spanContext().traceId);
    const [request] = await orders.receiver.waitFor(1);
    expect(traceIn(request!), 'the body names the writer, as it does without').toMatchObject({
      trace_id: writer?.spanContext().traceId,
      span_id: idOf(writer),
    });
    expect(delivery).toMatchObject({
      kind: SpanKind.CLIENT,
      status: { code: SpanStatusCode.UNSET },
      attributes: {
        'http.request.method': 'POST',
        'http.response.status_code': 200,
        'server.address': '127.0.0.1',
        'server.port': Number(new URL(orders.receiver.url).port),
        'event_triggers.trigger': 'order_created',
        'event_triggers.event.id': request!.headers['webhook-id'],
        'event_triggers.attempt': 1,
        'event_triggers.outcome': 'delivered',
        'event_triggers.queue_time': expect.any(Number) as number,
      },
    });
  });

  it('begins with what a writer has set by hand, whether or not the others do so', async () => {
    const recorded = (orders.spans = recordSpans());
    const { dataSource } = await inSpan('boot', () => orders.start({ tracing: {}, sdk: null }));
    await orders.byHand(TRACEPARENT, 1);
    const [delivery] = await recorded.named('deliver order_created');
    expect(delivery?.parentSpanContext).toMatchObject({
      traceId: TRACE_ID,
      spanId: 'b7ad6b7169203331',
      isRemote: true,
    });

    await inSpan('place an order', () => save(dataSource, 2));
    const [, root] = await recorded.named('deliver order_created', 2);
    expect(
      parentOf(root),
      'neither whoever saved it without writers, nor the boot',
    ).toBeUndefined();
  });

  it('has a span for each attempt, below the same writer', async () => {
    orders.receiver.respondWith((request, index) =>
      index === 0 ? { status: 503 } : tracedReceiver(request, index),
    );
    const { spans: recorded, dataSource } = await orders.start();
    await inSpan('place an order', () => save(dataSource, 1));

    const [receiving] = await recorded.named('receive');
    const [failed, delivered] = await recorded.named('deliver order_created', 2);
    const [writer] = await recorded.named('place an order');
    expect([failed, delivered].map(parentOf)).toEqual([idOf(writer), idOf(writer)]);
    expect(parentOf(receiving)).toBe(idOf(delivered));
    expect(failed).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: {
        'event_triggers.attempt': 1,
        'event_triggers.outcome': 'retry',
        'http.response.status_code': 503,
        'error.type': '503',
      },
    });
    expect(delivered).toMatchObject({
      status: { code: SpanStatusCode.UNSET },
      attributes: { 'event_triggers.attempt': 2, 'event_triggers.outcome': 'delivered' },
    });
    expect(delivered?.attributes).not.toHaveProperty('event_triggers.queue_time');
    const [first] = orders.receiver.requests;
    expect(first?.headers['traceparent'], 'each attempt has a span').toBe(traceparentOf(failed));
  });

  it('goes on in a handler of the application', async () => {
    const { spans: recorded, dataSource } = await orders.start({
      imports: [EmailsModule],
      eventTriggers: { triggers: [{ ...ORDERS, name: 'order_handled' }], retry: { attempts: 1 } },
    });
    await inSpan('place an order', () => save(dataSource, 1));
    await recorded.named('deliver order_handled');
    await inSpan('place a broken order', () => save(dataSource, 2, 'broken'));

    const [delivery, failed] = await recorded.named('deliver order_handled', 2);
    const [email] = await recorded.named('send the e-mail');
    const [writer] = await recorded.named('place an order');
    expect(parentOf(delivery)).toBe(idOf(writer));
    expect(parentOf(email), 'a span of its own code').toBe(idOf(delivery));
    expect(delivery).toMatchObject({
      kind: SpanKind.CONSUMER,
      attributes: {
        'messaging.system': 'event_triggers',
        'messaging.operation.type': 'process',
        'messaging.destination.name': 'order_handled',
      },
    });
    expect(failed).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'event_triggers.outcome': 'retry', 'error.type': 'Error' },
    });
  });

  it('goes on in a transform, and from there to wherever the transform sends', async () => {
    const { spans: recorded, dataSource } = await orders.start({
      eventTriggers: {
        triggers: [
          orders.webhook({
            webhook: 'http://127.0.0.1:1/',
            transform: () =>
              inSpan('ask', () => ({ url: `${orders.receiver.url}/secret`, body: {} })),
          }),
        ],
      },
    });
    await inSpan('place an order', () => save(dataSource, 1));

    const [receiving] = await recorded.named('receive');
    const [delivery] = await recorded.named('deliver order_created');
    const [ask] = await recorded.named('ask');
    expect(parentOf(ask)).toBe(idOf(delivery));
    expect(parentOf(receiving)).toBe(idOf(delivery));
    expect(delivery?.attributes['server.port']).toBe(Number(new URL(orders.receiver.url).port));
  });

  it('of one request with events of several writers is linked to each of them', async () => {
    const { spans: recorded } = await orders.start({
      eventTriggers: { triggers: [orders.webhook({ bundle: { size: 3, within: '10s' } })] },
    });
    const other = `00-${TRACE_ID}-00f067aa0ba902b7-01`;
    await orders.byHand(TRACEPARENT, 1, 2);
    await orders.byHand(other, 3);

    const [receiving] = await recorded.named('receive');
    const [delivery] = await recorded.named('deliver order_created');
    expect(parentOf(receiving)).toBe(idOf(delivery));
    expect(delivery?.attributes['messaging.batch.message_count']).toBe(3);
    expect(parentOf(delivery), 'it is nobody’s child').toBeUndefined();
    const linked = delivery?.links.map((link) => `00-${TRACE_ID}-${link.context.spanId}-01`);
    expect(linked?.sort()).toEqual([other, TRACEPARENT]);
  });

  it('of one request whose events have the same writer is that of the writer', async () => {
    const { spans: recorded } = await orders.start({
      eventTriggers: { triggers: [orders.webhook({ bundle: { size: 3, within: '10s' } })] },
    });
    await orders.byHand(TRACEPARENT, 1, 2, 3);

    const [delivery] = await recorded.named('deliver order_created');
    expect(parentOf(delivery)).toBe('b7ad6b7169203331');
    expect(delivery?.links).toEqual([]);
  });

  it('keeps the writer in the extension of a CloudEvent, and the attempt in its header', async () => {
    const { spans: recorded } = await orders.start({
      eventTriggers: { triggers: [orders.webhook({ format: 'cloudevents' })] },
    });
    await orders.byHand(TRACEPARENT, 1);

    const [request] = await orders.receiver.waitFor(1);
    const [delivery] = await recorded.named('deliver order_created');
    expect(request?.headers).toMatchObject({
      'ce-traceparent': TRACEPARENT,
      traceparent: traceparentOf(delivery),
    });
  });

  it.each([
    ['an SDK', { sdk: null }],
    ['the module', { tracing: null }],
  ])('is that of the writer alone without %s', async (_, setting) => {
    await orders.start(setting);
    await orders.byHand(TRACEPARENT, 1);
    const [request] = await orders.receiver.waitFor(1);
    expect(request?.headers['traceparent']).toBe(TRACEPARENT);
    expect(
      orders.spans?.all().filter(({ name }) => name.startsWith('deliver')) ?? [],
      'spans that nobody asked for',
    ).toEqual([]);
  });

  it('shows nothing of a row, of a secret, or of a URL beyond its host', async () => {
    orders.receiver.respondWith([{ status: 500, body: 'answered-secret' }, { status: 200 }]);
    const { spans: recorded, dataSource } = await orders.start({
      imports: [EmailsModule],
      eventTriggers: {
        webhookSecret: 'webhook-secret',
        retry: { attempts: 2, strategy: 'fixed', delay: '100ms' },
        triggers: [
          { ...ORDERS, name: 'order_handled' },
          orders.webhook({
            webhook: `${orders.receiver.url}/path-secret?token=query-secret`,
            headers: [{ name: 'authorization', value: 'header-secret' }],
          }),
        ],
      },
    });
    await save(dataSource, 1, 'broken');
    await recorded.named('deliver order_created', 2);
    await recorded.named('deliver order_handled', 2);

    const shown = recorded
      .all()
      .filter(({ name }) => name.startsWith('deliver'))
      .map(({ name, attributes, status, events }) => ({ name, attributes, status, events }));
    expect(JSON.stringify(shown)).not.toMatch(/secret|broken|token/);
  });
});
