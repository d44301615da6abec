import { Module, type DynamicModule } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { DEFAULT_DATA_SOURCE, tokenOf } from '../event-triggers.tokens.js';
import { DeliverySpans } from './delivery-spans.js';
import { EventTriggersTracing } from './event-triggers-tracing.js';

/** What becomes part of a trace. */
export interface EventTriggersTracingOptions {
  /**
   * Whether each transaction that TypeORM begins under a sampled span carries that span, without a line of yours, so that
   * deliveries are its children. Default: false, because it costs each of them a round trip. It is the first statement of
   * the transaction: give an isolation level to TypeORM and not by `set transaction`, which would come too late.
   *
   * What is written outside of a transaction carries none, as with `repository.insert()` or a query of its own. By hand it
   * is `select set_config('event_triggers.traceparent', $1, true)` in the transaction.
   */
  readonly writers?: boolean;
  /** Whose triggers: the `dataSource` of `EventTriggersModule.forRoot`. Default: the one without a name. */
  readonly dataSource?: string;
}

/**
 * Traces by OpenTelemetry: the writer's span is the parent of a span for each attempt at delivery, which is the parent
 * of the receiver's. The application registers its SDK itself, with its propagator; where it has none, the writer's
 * `traceparent` goes on to the receiver as it does without this module.
 *
 * @throws InvalidOptionsError when the application starts, where there are no event triggers of that data source
 *
 * @example
 * @Module({
 *   imports: [EventTriggersModule.forRoot(), EventTriggersTracingModule.forRoot({ writers: true })],
 * })
 * export class AppModule {}
 */
@Module({})
export class EventTriggersTracingModule {
  static forRoot(options: EventTriggersTracingOptions = {}): DynamicModule {
    const { writers = false, dataSource = DEFAULT_DATA_SOURCE } = options;
    return {
      module: EventTriggersTracingModule,
      providers: [
        { provide: tokenOf('Tracer', dataSource), useFactory: () => new DeliverySpans() },
        {
          provide: EventTriggersTracing,
          inject: [ModuleRef],
          useFactory: (moduleRef: ModuleRef) =>
            new EventTriggersTracing(writers, dataSource, moduleRef),
        },
      ],
    };
  }
}
