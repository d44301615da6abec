import { HttpModule, HttpService } from '@nestjs/axios';
import {
  Module,
  type DynamicModule,
  type FactoryProvider,
  type ModuleMetadata,
  type Provider,
  type Type,
} from '@nestjs/common';
import {
  DiscoveryModule,
  DiscoveryService,
  ExternalContextCreator,
  MetadataScanner,
  ModuleRef,
} from '@nestjs/core';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { EVENT_TRIGGERS_ENTITIES } from './event-triggers.entities.js';
import { FeatureDefinitions, FeatureHandover } from './event-triggers.feature-definitions.js';
import { EventHandlers } from './handler/event-handlers.js';
import { Inbox } from './handler/inbox.js';
import { EventTriggersLifecycle } from './event-triggers.lifecycle.js';
import {
  validateOptions,
  type EventTriggersOptions,
  type ResolvedOptions,
} from './event-triggers.options.js';
import { EventTriggersService } from './event-triggers.service.js';
import { DEFAULT_DATA_SOURCE, getEventTriggersToken, tokenOf } from './event-triggers.tokens.js';
import type { TriggerDefinition } from './pipeline/attach/trigger-definition.js';
import {
  WEBHOOK_SECRET_SETTINGS,
  type WebhookSecretSettings,
} from './webhook/webhook-secret.settings.js';

/** What shapes the module graph and therefore has to be known when `forRoot` or `forRootAsync` is called. */
export interface EventTriggersModuleExtras {
  /** Whether guards and services are there for every module. Default: true, because guards are used anywhere. */
  isGlobal?: boolean;
  /** The name of the TypeORM data source. Default: the one without a name. */
  dataSource?: string;
  /**
   * The module whose `HttpService` sends webhooks. Default: the plain `HttpModule`, which is the same one for
   * the whole application, so that interceptors and agents set on it apply here too.
   */
  httpModule?: Type<unknown> | DynamicModule;
}

/** Makes options in a class of the host's. */
export interface EventTriggersOptionsFactory {
  createEventTriggersOptions(): EventTriggersOptions | Promise<EventTriggersOptions>;
}

/** Options that come from other providers; what shapes the module graph stands beside the factory. */
export interface EventTriggersAsyncOptions
  extends EventTriggersModuleExtras, Pick<ModuleMetadata, 'imports'> {
  useFactory?: (...dependencies: never[]) => EventTriggersOptions | Promise<EventTriggersOptions>;
  inject?: FactoryProvider['inject'];
  useClass?: Type<EventTriggersOptionsFactory>;
  useExisting?: Type<EventTriggersOptionsFactory>;
  extraProviders?: Provider[];
}

/**
 * Event triggers: a row is inserted, updated or deleted by anybody, and a webhook is called, reliably.
 *
 * @example
 * @Module({
 *   imports: [
 *     TypeOrmModule.forRoot({ type: 'postgres', autoLoadEntities: true }),
 *     EventTriggersModule.forRoot(),
 *   ],
 * })
 * export class AppModule {}
 */
@Module({})
export class EventTriggersModule {
  /** Configures event triggers for one data source. Once per data source, in the root module. */
  static forRoot(options: EventTriggersOptions & EventTriggersModuleExtras = {}): DynamicModule {
    const { isGlobal, dataSource, httpModule, ...own } = options;
    return this.forRootAsync({ isGlobal, dataSource, httpModule, useFactory: () => own });
  }

  /** The same with options from a factory, a class or an existing provider. */
  static forRootAsync(options: EventTriggersAsyncOptions): DynamicModule {
    const dataSource = options.dataSource ?? DEFAULT_DATA_SOURCE;
    return {
      module: EventTriggersModule,
      global: options.isGlobal ?? true,
      imports: [
        ...(options.imports ?? []),
        DiscoveryModule,
        options.httpModule ?? HttpModule,
        TypeOrmModule.forFeature([...EVENT_TRIGGERS_ENTITIES], dataSource),
      ],
      providers: [
        ...(options.extraProviders ?? []),
        ...optionsProviders(options, dataSource),
        ...dataSourceProviders(dataSource),
        secretSettings(dataSource),
      ],
      exports: [getEventTriggersToken(dataSource), WEBHOOK_SECRET_SETTINGS],
    };
  }

  /**
   * Declares triggers of a feature module. They are attached together with those of `forRoot`.
   *
   * @param dataSource the name given to `forRoot`, where it was given one
   *
   * @example
   * @Module({ imports: [EventTriggersModule.forFeature([orderPaid])] })
   * export class OrdersModule {}
   */
  static forFeature(
    definitions: readonly TriggerDefinition[],
    dataSource: string = DEFAULT_DATA_SOURCE,
  ): DynamicModule {
    return {
      module: EventTriggersModule,
      providers: [
        {
          provide: Symbol('EventTriggersFeature'),
          inject: [ModuleRef],
          useFactory: (moduleRef: ModuleRef) =>
            new FeatureHandover(definitions, dataSource, moduleRef),
        },
      ],
    };
  }
}

function optionsProviders(options: EventTriggersAsyncOptions, dataSource: string): Provider[] {
  const provide = tokenOf('Options', dataSource);
  const { useFactory, useClass, useExisting } = options;
  if (useFactory !== undefined) {
    const make = useFactory as (...dependencies: unknown[]) => unknown;
    return [
      {
        provide,
        inject: options.inject ?? [],
        useFactory: async (...dependencies: unknown[]): Promise<ResolvedOptions> =>
          validateOptions((await make(...dependencies)) as EventTriggersOptions),
      },
    ];
  }
  const factory = useExisting ?? useClass;
  if (factory === undefined) return [{ provide, useFactory: () => validateOptions() }];
  return [
    ...(useClass === undefined ? [] : [useClass]),
    {
      provide,
      inject: [factory],
      useFactory: async (made: EventTriggersOptionsFactory): Promise<ResolvedOptions> =>
        validateOptions(await made.createEventTriggersOptions()),
    },
  ];
}

function dataSourceProviders(dataSource: string): Provider[] {
  const options = tokenOf('Options', dataSource);
  const features = tokenOf('FeatureDefinitions', dataSource);
  const inbox = tokenOf('Inbox', dataSource);
  const lifecycle = tokenOf('Lifecycle', dataSource);
  const source = getDataSourceToken(dataSource);
  return [
    { provide: features, useFactory: () => new FeatureDefinitions() },
    {
      provide: inbox,
      inject: [source, options],
      useFactory: (connected: DataSource, { schema, retention }: ResolvedOptions) =>
        new Inbox(connected, schema, retention.inbox),
    },
    {
      provide: EventHandlers,
      inject: [DiscoveryService, MetadataScanner, ExternalContextCreator, inbox],
      useFactory: (
        discovery: DiscoveryService,
        scanner: MetadataScanner,
        contexts: ExternalContextCreator,
        handled: Inbox,
      ) => new EventHandlers(discovery, scanner, contexts, handled),
    },
    {
      provide: getEventTriggersToken(dataSource),
      inject: [source, options, lifecycle],
      useFactory: (connected: DataSource, resolved: ResolvedOptions, own: EventTriggersLifecycle) =>
        new EventTriggersService(connected, resolved, own),
    },
    {
      provide: lifecycle,
      inject: [source, options, features, HttpService, EventHandlers, ModuleRef],
      useFactory: (
        connected: DataSource,
        resolved: ResolvedOptions,
        collected: FeatureDefinitions,
        http: HttpService,
        handlers: EventHandlers,
        moduleRef: ModuleRef,
      ) =>
        new EventTriggersLifecycle(
          connected,
          resolved,
          collected,
          http.axiosRef,
          handlers,
          dataSource,
          moduleRef,
        ),
    },
  ];
}

const secretSettings = (dataSource: string): Provider => ({
  provide: WEBHOOK_SECRET_SETTINGS,
  inject: [tokenOf('Options', dataSource)],
  useFactory: (options: ResolvedOptions): WebhookSecretSettings => ({
    ...(options.webhookSecrets.length > 0 && { secret: options.webhookSecrets }),
    header: options.webhookSecretHeader,
    signingKeys: options.signingKeys.map(({ key, until }) =>
      until === null ? key : { key, until: new Date(until) },
    ),
  }),
});
