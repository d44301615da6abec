import { type INestApplicationContext, Injectable, Module } from '@nestjs/common';
import { propagation, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';
import {
  type EventTriggerPayload,
  OnEventTrigger,
  type TriggerDefinition,
} from 'nestjs-event-triggers';
import {
  startFakeReceiver,
  type FakeReceiver,
  type ReceivedRequest,
  type Responder,
} from 'nestjs-event-triggers/testing';
import { EventTriggersTracingModule } from 'nestjs-event-triggers/tracing';
import { Column, DataSource, Entity, PrimaryColumn } from 'typeorm';
import { startApplication, type ApplicationOptions } from '../support/application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { recordSpans, type RecordedSpans, type SdkOptions } from './recorded-spans.js';

@Entity('orders')
export class Order {
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
export class EmailsModule {}

export const ORDERS = { table: 'orders', insert: true } as const;
export const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
export const TRACEPARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`;

export const inSpan = <Result>(name: string, work: () => Result): Result =>
  trace.getTracer('host').startActiveSpan(name, (span) => {
    const result = work();
    if (result instanceof Promise) return result.finally(() => span.end()) as Result;
    span.end();
    return result;
  });

/** A receiver with a tracer of its own, which goes on with what its requests say. */
export const tracedReceiver: Responder = ({ headers }) => {
  const caller = propagation.extract(ROOT_CONTEXT, headers);
  trace.getTracer('receiver').startSpan('receive', { kind: SpanKind.SERVER }, caller).end();
  return { status: 200 };
};

export const idOf = (span: ReadableSpan | undefined) => span?.spanContext().spanId;
export const parentOf = (span: ReadableSpan | undefined) => span?.parentSpanContext?.spanId;
export const traceparentOf = (span: ReadableSpan | undefined) =>
  `00-${span?.spanContext().traceId}-${idOf(span)}-01`;
export const traceIn = ({ body }: ReceivedRequest) =>
  (JSON.parse(body) as EventTriggerPayload).event.trace_context;

interface Setting extends Omit<ApplicationOptions, 'database' | 'entities'> {
  tracing?: Parameters<typeof EventTriggersTracingModule.forRoot>[0] | null;
  sdk?: SdkOptions | null;
}

/** Orders that are written, delivered and received, with the spans of all of it. */
export class TracedOrders {
  spans: RecordedSpans | null = null;
  private application: INestApplicationContext | undefined;

  private constructor(
    private readonly database: TestDatabase,
    readonly receiver: FakeReceiver,
  ) {}

  static async create(): Promise<TracedOrders> {
    const database = await createTestDatabase();
    await database.query("create table orders (id int primary key, note text default '')");
    return new TracedOrders(database, await startFakeReceiver({ respond: tracedReceiver }));
  }

  async drop(): Promise<void> {
    await this.application?.close();
    await this.receiver.close();
    await this.spans?.unregister();
    await this.database.drop();
  }

  async start({
    tracing = { writers: true },
    sdk = {},
    imports = [],
    ...more
  }: Setting = {}): Promise<{ spans: RecordedSpans; dataSource: DataSource }> {
    if (sdk !== null) this.spans = recordSpans(sdk);
    this.application = await startApplication({
      database: this.database,
      entities: [Order],
      imports: [
        ...(tracing === null ? [] : [EventTriggersTracingModule.forRoot(tracing)]),
        ...imports,
      ],
      eventTriggers: { triggers: [this.webhook()] },
      ...more,
    });
    return { spans: this.spans!, dataSource: this.application.get(DataSource) };
  }

  webhook(more: Partial<TriggerDefinition> = {}): TriggerDefinition {
    return { ...ORDERS, name: 'order_created', webhook: this.receiver.url, ...more };
  }

  async byHand(traceparent: string, ...ids: number[]): Promise<void> {
    const writer = await this.database.client();
    await writer.query('begin');
    await writer.query(`select set_config('event_triggers.traceparent', $1, true)`, [traceparent]);
    for (const id of ids) await writer.query('insert into orders values ($1)', [id]);
    await writer.query('commit');
  }
}

export const save = (dataSource: DataSource, id: number, note = '') =>
  dataSource.getRepository(Order).save({ id, note });
