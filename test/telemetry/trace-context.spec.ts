import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { context, propagation, trace, type TextMapPropagator } from '@opentelemetry/api';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  idOf,
  inSpan,
  Order,
  parentOf,
  save,
  TRACE_ID,
  TracedOrders,
  traceIn,
  TRACEPARENT,
  traceparentOf,
} from './traced-orders.js';

describe('the context of a trace', () => {
  let orders: TracedOrders;

  beforeEach(async () => {
    orders = await TracedOrders.create();
  });
  afterEach(() => orders.drop());

  it('is written once for a transaction, whatever is nested in it, and not where nobody will see it', async () => {
    const { spans: recorded, dataSource } = await orders.start();
    const statements: string[] = [];
    dataSource.subscribers.push({
      beforeQuery: ({ query }) => void statements.push(query.replace(/\s.*traceparent.*/, ' it')),
    });
    await inSpan('place two orders', () =>
      dataSource.transaction('REPEATABLE READ', async (manager) => {
        await manager.insert(Order, { id: 1, note: '' });
        await manager.transaction((nested) => nested.insert(Order, { id: 2, note: '' }));
      }),
    );
    expect(statements.filter((text) => !text.startsWith('INSERT'))).toEqual([
      'START TRANSACTION',
      'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ',
      'select it',
      'SAVEPOINT typeorm_1',
      'RELEASE SAVEPOINT typeorm_1',
      'COMMIT',
    ]);
    const deliveries = await recorded.named('deliver order_created', 2);
    const [writer] = await recorded.named('place two orders');
    expect(deliveries.map(parentOf)).toEqual([idOf(writer), idOf(writer)]);

    statements.length = 0;
    await save(dataSource, 3);
    expect(statements, 'outside of a span').not.toContain('select it');
  });

  it('is not written for a span that is not sampled', async () => {
    const { dataSource } = await orders.start({ sdk: { sampler: new AlwaysOffSampler() } });
    await inSpan('place an order', () => save(dataSource, 1));
    const [request] = await orders.receiver.waitFor(1);
    expect(traceIn(request!)).toBeNull();
  });

  it('is written in no way that could fail the write', async () => {
    const { dataSource } = await orders.start();
    dataSource.subscribers.push({
      beforeQuery: ({ query }) => {
        if (query.includes('set_config')) throw new Error('it cannot be written');
      },
    });
    await inSpan('place an order', () => save(dataSource, 1));
    const [request] = await orders.receiver.waitFor(1);
    expect(traceIn(request!)).toBeNull();
  });

  it('goes along as the propagator of the host says, within what is the host’s to say', async () => {
    const propagator: TextMapPropagator = {
      fields: () => ['b3'],
      extract: (active) => active,
      inject(active, carrier: Record<string, string>) {
        const { traceId, spanId } = trace.getSpanContext(active)!;
        Object.assign(carrier, {
          b3: `${traceId}-${spanId}-1`,
          'webhook-id': 'forged',
          'X-Secret': 'forged',
          'x-split': 'a\r\nx-smuggled: yes',
          host: 'forged',
        });
      },
    };
    const { spans: recorded } = await orders.start({
      sdk: { propagator },
      eventTriggers: {
        webhookSecret: 'swordfish',
        webhookSecretHeader: 'x-secret',
        triggers: [orders.webhook()],
      },
    });
    await orders.byHand(TRACEPARENT, 1);

    const [request] = await orders.receiver.waitFor(1);
    const [delivery] = await recorded.named('deliver order_created');
    expect(request?.headers).toMatchObject({
      b3: `${TRACE_ID}-${idOf(delivery)}-1`,
      'x-secret': 'swordfish',
      host: new URL(orders.receiver.url).host,
    });
    expect(request?.headers['webhook-id']).toBe(delivery?.attributes['event_triggers.event.id']);
    for (const name of ['traceparent', 'x-split', 'x-smuggled'])
      expect(request?.headers, 'what only would contradict it').not.toHaveProperty(name);
  });

  it.each([
    ['sampler', { sampler: { shouldSample: broken, toString: () => 'broken' } }],
    ['propagator', { propagator: { fields: () => [], extract: broken, inject: broken } }],
  ])('costs no delivery where the %s of the host throws', async (_, sdk) => {
    orders.receiver.respondWith({ status: 200 });
    await orders.start({ sdk });
    await orders.byHand(TRACEPARENT, 1);
    const [request] = await orders.receiver.waitFor(1);
    expect(request?.headers['traceparent'], 'the writer’s goes on').toBe(TRACEPARENT);
  });

  it('has no second span, and the request no second header, where undici is traced too', async () => {
    /** As an instrumentation of undici does it. */
    const instrument = (message: unknown): void => {
      const { request } = message as { request: { addHeader(name: string, value: string): void } };
      const span = trace.getTracer('undici').startSpan('POST');
      const carrier: Record<string, string> = {};
      propagation.inject(trace.setSpan(context.active(), span), carrier);
      for (const [name, value] of Object.entries(carrier)) request.addHeader(name, value);
      span.end();
    };
    subscribe('undici:request:create', instrument);
    try {
      const { spans: recorded } = await orders.start();
      await orders.byHand(TRACEPARENT, 1);
      const [request] = await orders.receiver.waitFor(1);
      const [delivery] = await recorded.named('deliver order_created');
      expect(request?.headers['traceparent']).toBe(traceparentOf(delivery));
      expect(recorded.all().filter(({ name }) => name === 'POST')).toEqual([]);
    } finally {
      unsubscribe('undici:request:create', instrument);
    }
  });

  it('is refused where there is nothing to trace', async () => {
    await expect(orders.start({ tracing: { dataSource: 'billing' } })).rejects.toThrow(
      'EventTriggersTracingModule found no event triggers of "billing"',
    );
  });
});

function broken(): never {
  throw new Error('broken');
}
