import { Module, type DynamicModule } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { HealthIndicatorService, TerminusModule } from '@nestjs/terminus';
import { DEFAULT_DATA_SOURCE } from '../event-triggers.tokens.js';
import { EventTriggersHealthIndicator, healthTokenOf } from './event-triggers-health.indicator.js';

export {
  EventTriggersHealthIndicator,
  InjectEventTriggersHealth,
} from './event-triggers-health.indicator.js';

export interface EventTriggersHealthOptions {
  /** Whose triggers: the `dataSource` of `EventTriggersModule.forRoot`. Default: the one without a name. */
  readonly dataSource?: string;
}

/**
 * An indicator for the health checks of `@nestjs/terminus`. Imported once for each data source.
 *
 * @throws InvalidOptionsError when the application starts, where there are no event triggers of that data source
 *
 * @example
 * @Module({
 *   imports: [TerminusModule, EventTriggersModule.forRoot(), EventTriggersHealthModule.forRoot()],
 *   controllers: [EventTriggersHealthController],
 * })
 * export class AppModule {}
 */
@Module({})
export class EventTriggersHealthModule {
  static forRoot({
    dataSource = DEFAULT_DATA_SOURCE,
  }: EventTriggersHealthOptions = {}): DynamicModule {
    const token = healthTokenOf(dataSource);
    return {
      module: EventTriggersHealthModule,
      imports: [TerminusModule],
      providers: [
        {
          provide: token,
          inject: [HealthIndicatorService, ModuleRef],
          useFactory: (indicators: HealthIndicatorService, moduleRef: ModuleRef) =>
            new EventTriggersHealthIndicator(indicators, moduleRef, dataSource),
        },
      ],
      exports: [token],
    };
  }
}
