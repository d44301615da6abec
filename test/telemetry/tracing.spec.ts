import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type INestApplicationContext, Injectable, Module } from '@nestjs/common';
import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type TextMapPropagator,
} from '@opentelemetry/api';
import { AlwaysOffSampler, type ReadableSpan } from '@opentelemetry/sdk-trace-node';
import { type EventTriggerPayload, OnEventTrigger } from 'nestjs-event-triggers';
import {
  startFakeReceiver,
  type FakeReceiver,
  type ReceivedRequest,
  type Responder,
} from 'nestjs-event-triggers/testing';
import { EventTriggersTracingModule } from 'nestjs-event-triggers/tracing';
import { Column, DataSource, Entity, PrimaryColumn } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startApplication, type ApplicationOptions } from '../support/application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { recordSpans, type RecordedSpans, type SdkOptions } from './recorded-spans.js';

@Entity('orders')
class Order {
  @PrimaryColumn() id!: number;
  @Column({ default: '' }) note!: string;
}

@Injectable()
class OrderEmails {
  @OnEventTrigger('order_handled')
  send({ event }: EventTriggerPayload): void {
    inSpan('send the e-mail', () => undefined);
    if (event.data.new?.['note'] === 'broken') throw new Error('no e-mail for broken');
  }
}

@Module({ providers: [OrderEmails] })
class EmailsModule {}

const ORDERS = { table: 'orders', insert: true } as const;
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const TRACEPARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`;

const inSpan = <Result>(name: string, work: () => Result): Result =>
  trace.getTracer('host').startActiveSpan(name, (span) => {
    const result = work();
    if (result instanceof Promise) return result.finally(() => span.end()) as Result;
    span.end();
    return result;
  });

/** A receiver with a tracer of its own, which goes on with what its requests say. */
const tracedReceiver: Responder = ({ headers }) => {
  const caller = propagation.extract(ROOT_CONTEXT, headers);
  trace.getTracer('receiver').startSpan('receive', { kind: SpanKind.SERVER }, caller).end();
  return { status: 200 };
};

const idOf = (span: ReadableSpan | undefined) => span?.spanContext().spanId;
const parentOf = (span: ReadableSpan | undefined) => span?.parentSpanContext?.spanId;
const traceparentOf = (span: ReadableSpan | undefined) =>
  `00-${span?.spanContext().traceId}-${idOf(span)}-01`;
const traceIn = ({ body }: ReceivedRequest) =>
  (JSON.parse(body) as EventTriggerPayload).event.trace_context;

describe('a trace', () => {
  let database: TestDatabase;
  let receiver: FakeReceiver;
  let spans: RecordedSpans | null;
  let application: INestApplicationContext | undefined;

  beforeEach(async () => {
    database = await createTestDatabase();
    await database.query("create table orders (id int primary key, note text default '')");
    receiver = await startFakeReceiver({ respond: tracedReceiver });
    spans = null;
  });
  afterEach(async () => {
    await application?.close();
    application = undefined;
    await receiver.close();
    await spans?.unregister();
    await database.drop();
  });

  interface Setting extends Omit<ApplicationOptions, 'database' | 'entities'> {
    tracing?: Parameters<typeof EventTriggersTracingModule.forRoot>[0] | null;
    sdk?: SdkOptions | null;
  }

  const start = async ({
    tracing = { writers: true },
    sdk = {},
    imports = [],
    ...more
  }: Setting = {}) => {
    const recorded = sdk === null ? null : (spans = recordSpans(sdk));
    application = await startApplication({
      database,
      entities: [Order],
      imports: [
        ...(tracing === null ? [] : [EventTriggersTracingModule.forRoot(tracing)]),
        ...imports,
      ],
      eventTriggers: { triggers: [webhook()] },
      ...more,
    });
    return { spans: recorded!, dataSource: application.get(DataSource) };
  };
  const webhook = (more: object = {}) => ({
    ...ORDERS,
    name: 'order_created',
    webhook: receiver.url,
    ...more,
  });
  const save = (dataSource: DataSource, id: number, note = '') =>
    dataSource.getRepository(Order).save({ id, note });
  const byHand = async (traceparent: string, ...ids: number[]): Promise<void> => {
    const writer = await database.client();
    await writer.query('begin');
    await writer.query(`select set_config('event_triggers.traceparent', $1, true)`, [traceparent]);
    for (const id of ids) await writer.query('insert into orders values ($1)', [id]);
    await writer.query('commit');
  };

  it('leads from whoever saves an entity over its delivery to the receiver', async () => {
    const { spans: recorded, dataSource } = await start();
    await inSpan('place an order', () => save(dataSource, 1));

    const [receiving] = await recorded.named('receive');
    const [delivery] = await recorded.named('deliver order_created');
    const [writer] = await recorded.named('place an order');
    expect(parentOf(delivery), 'the writer is the parent of the delivery').toBe(idOf(writer));
    expect(parentOf(receiving), 'the delivery is the parent of the receiver').toBe(idOf(delivery));
    expect(receiving?.spanContext().traceId).toBe(writer?.spanContext().traceId);
    const [request] = await receiver.waitFor(1);
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
        'server.port': Number(new URL(receiver.url).port),
        'event_triggers.trigger': 'order_created',
        'event_triggers.event.id': request!.headers['webhook-id'],
        'event_triggers.attempt': 1,
        'event_triggers.outcome': 'delivered',
        'event_triggers.queue_time': expect.any(Number) as number,
      },
    });
  });

  it('begins with what a writer has set by hand, whether or not the others do so', async () => {
    const recorded = (spans = recordSpans());
    const { dataSource } = await inSpan('boot', () => start({ tracing: {}, sdk: null }));
    await byHand(TRACEPARENT, 1);
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
    receiver.respondWith((request, index) =>
      index === 0 ? { status: 503 } : tracedReceiver(request, index),
    );
    const { spans: recorded, dataSource } = await start();
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
    const [first] = receiver.requests;
    expect(first?.headers['traceparent'], 'each attempt has a span').toBe(traceparentOf(failed));
  });

  it('goes on in a handler of the application', async () => {
    const { spans: recorded, dataSource } = await start({
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
    const { spans: recorded, dataSource } = await start({
      eventTriggers: {
        triggers: [
          webhook({
            webhook: 'http://127.0.0.1:1/',
            transform: () => inSpan('ask', () => ({ url: `${receiver.url}/secret`, body: {} })),
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
    expect(delivery?.attributes['server.port']).toBe(Number(new URL(receiver.url).port));
  });

  it('of one request with events of several writers is linked to each of them', async () => {
    const { spans: recorded } = await start({
      eventTriggers: { triggers: [webhook({ bundle: { size: 3, within: '10s' } })] },
    });
    const other = `00-${TRACE_ID}-00f067aa0ba902b7-01`;
    await byHand(TRACEPARENT, 1, 2);
    await byHand(other, 3);

    const [receiving] = await recorded.named('receive');
    const [delivery] = await recorded.named('deliver order_created');
    expect(parentOf(receiving)).toBe(idOf(delivery));
    expect(delivery?.attributes['messaging.batch.message_count']).toBe(3);
    expect(parentOf(delivery), 'it is nobody’s child').toBeUndefined();
    const linked = delivery?.links.map((link) => `00-${TRACE_ID}-${link.context.spanId}-01`);
    expect(linked?.sort()).toEqual([other, TRACEPARENT]);
  });

  it('of one request whose events have the same writer is that of the writer', async () => {
    const { spans: recorded } = await start({
      eventTriggers: { triggers: [webhook({ bundle: { size: 3, within: '10s' } })] },
    });
    await byHand(TRACEPARENT, 1, 2, 3);

    const [delivery] = await recorded.named('deliver order_created');
    expect(parentOf(delivery)).toBe('b7ad6b7169203331');
    expect(delivery?.links).toEqual([]);
  });

  it('keeps the writer in the extension of a CloudEvent, and the attempt in its header', async () => {
    const { spans: recorded } = await start({
      eventTriggers: { triggers: [webhook({ format: 'cloudevents' })] },
    });
    await byHand(TRACEPARENT, 1);

    const [request] = await receiver.waitFor(1);
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
    await start(setting);
    await byHand(TRACEPARENT, 1);
    const [request] = await receiver.waitFor(1);
    expect(request?.headers['traceparent']).toBe(TRACEPARENT);
    expect(
      spans?.all().filter(({ name }) => name.startsWith('deliver')) ?? [],
      'spans that nobody asked for',
    ).toEqual([]);
  });

  it('shows nothing of a row, of a secret, or of a URL beyond its host', async () => {
    receiver.respondWith([{ status: 500, body: 'answered-secret' }, { status: 200 }]);
    const { spans: recorded, dataSource } = await start({
      imports: [EmailsModule],
      eventTriggers: {
        webhookSecret: 'webhook-secret',
        retry: { attempts: 2, strategy: 'fixed', delay: '100ms' },
        triggers: [
          { ...ORDERS, name: 'order_handled' },
          webhook({
            webhook: `${receiver.url}/path-secret?token=query-secret`,
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

  it('is written once for a transaction, whatever is nested in it, and not where nobody will see it', async () => {
    const { spans: recorded, dataSource } = await start();
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
    const { dataSource } = await start({ sdk: { sampler: new AlwaysOffSampler() } });
    await inSpan('place an order', () => save(dataSource, 1));
    const [request] = await receiver.waitFor(1);
    expect(traceIn(request!)).toBeNull();
  });

  it('is written in no way that could fail the write', async () => {
    const { dataSource } = await start();
    dataSource.subscribers.push({
      beforeQuery: ({ query }) => {
        if (query.includes('set_config')) throw new Error('it cannot be written');
      },
    });
    await inSpan('place an order', () => save(dataSource, 1));
    const [request] = await receiver.waitFor(1);
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
    const { spans: recorded } = await start({
      sdk: { propagator },
      eventTriggers: {
        webhookSecret: 'swordfish',
        webhookSecretHeader: 'x-secret',
        triggers: [webhook()],
      },
    });
    await byHand(TRACEPARENT, 1);

    const [request] = await receiver.waitFor(1);
    const [delivery] = await recorded.named('deliver order_created');
    expect(request?.headers).toMatchObject({
      b3: `${TRACE_ID}-${idOf(delivery)}-1`,
      'x-secret': 'swordfish',
      host: new URL(receiver.url).host,
    });
    expect(request?.headers['webhook-id']).toBe(delivery?.attributes['event_triggers.event.id']);
    for (const name of ['traceparent', 'x-split', 'x-smuggled'])
      expect(request?.headers, 'what only would contradict it').not.toHaveProperty(name);
  });

  it.each([
    ['sampler', { sampler: { shouldSample: broken, toString: () => 'broken' } }],
    ['propagator', { propagator: { fields: () => [], extract: broken, inject: broken } }],
  ])('costs no delivery where the %s of the host throws', async (_, sdk) => {
    receiver.respondWith({ status: 200 });
    await start({ sdk });
    await byHand(TRACEPARENT, 1);
    const [request] = await receiver.waitFor(1);
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
      const { spans: recorded } = await start();
      await byHand(TRACEPARENT, 1);
      const [request] = await receiver.waitFor(1);
      const [delivery] = await recorded.named('deliver order_created');
      expect(request?.headers['traceparent']).toBe(traceparentOf(delivery));
      expect(recorded.all().filter(({ name }) => name === 'POST')).toEqual([]);
    } finally {
      unsubscribe('undici:request:create', instrument);
    }
  });

  it('is refused where there is nothing to trace', async () => {
    await expect(start({ tracing: { dataSource: 'billing' } })).rejects.toThrow(
      'EventTriggersTracingModule found no event triggers of "billing" to trace',
    );
  });
});

function broken(): never {
  throw new Error('broken');
}
