import { Logger, Module, type DynamicModule } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { register } from 'prom-client';
import { DEFAULT_DATA_SOURCE, tokenOf } from '../event-triggers.tokens.js';
import { StateLog } from '../state-log.js';
import { EventTriggersMetrics } from './event-triggers-metrics.js';
import { MetricSet, type MetricRegistry } from './metric-set.js';

/** Where metrics go, and how they are called. */
export interface EventTriggersMetricsOptions {
  /** The registry of prom-client that the application serves. Default: its global one. */
  readonly registry?: MetricRegistry;
  /** Before each name. Default: `event_triggers_`. A second data source needs another one. */
  readonly prefix?: string;
  /** Whose triggers: the `dataSource` of `EventTriggersModule.forRoot`. Default: the one without a name. */
  readonly dataSource?: string;
}

const DEFAULT_PREFIX = 'event_triggers_';

/**
 * Metrics for Prometheus, in a registry of `prom-client` that the application serves itself.
 *
 * @throws InvalidOptionsError where the registry has a metric of one of these names already
 *
 * @example
 * @Module({
 *   imports: [EventTriggersModule.forRoot(), EventTriggersMetricsModule.forRoot()],
 * })
 * export class AppModule {}
 */
@Module({})
export class EventTriggersMetricsModule {
  static forRoot(options: EventTriggersMetricsOptions = {}): DynamicModule {
    const {
      registry = register,
      prefix = DEFAULT_PREFIX,
      dataSource = DEFAULT_DATA_SOURCE,
    } = options;
    const observer = tokenOf('Observer', dataSource);
    return {
      module: EventTriggersMetricsModule,
      providers: [
        {
          provide: EventTriggersMetrics,
          inject: [ModuleRef],
          useFactory: (moduleRef: ModuleRef) =>
            new EventTriggersMetrics(
              new MetricSet(registry, prefix),
              dataSource,
              moduleRef,
              new StateLog(new Logger('EventTriggers')),
            ),
        },
        {
          provide: observer,
          inject: [EventTriggersMetrics],
          useFactory: ({ dispatcher }: EventTriggersMetrics) => dispatcher,
        },
      ],
    };
  }
}
