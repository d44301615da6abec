import { Module, type DynamicModule } from '@nestjs/common';
import {
  DiscoveryModule,
  DiscoveryService,
  ExternalContextCreator,
  MetadataScanner,
  ModuleRef,
} from '@nestjs/core';
import { DEFAULT_DATA_SOURCE, EVENT_TRIGGERS_RECEIVER, tokenOf } from '../event-triggers.tokens.js';
import type { WebhookSecretGuardOptions } from '../webhook/webhook-secret.options.js';
import { optionalProvider } from '../optional-provider.js';
import { EventHandlers } from './event-handlers.js';
import type { Inbox } from './inbox.js';
import { HandlerRoutes } from './handler-routes.js';
import { receiverController } from './receiver.controller.js';

/** Where webhooks come in, and what lets them in: all that `@WebhookSecretGuard` takes. */
export interface EventTriggersReceiverOptions extends WebhookSecretGuardOptions {
  /** The path of the endpoint, under the application's global prefix. Default: `'event-triggers'`. */
  readonly path?: string;
  /** What else its controller carries, such as `SkipThrottle()`. Default: nothing. */
  readonly decorators?: readonly ClassDecorator[];
  /** Whose handlers are called: the `dataSource` of their `@OnEventTrigger`. Default: those without one. */
  readonly dataSource?: string;
}

/**
 * One endpoint for all webhooks: it lets in what carries the secret or a signature, and hands each event to the method
 * with `@OnEventTrigger` for its trigger, or else for its table and operation. It needs no database, and takes what
 * Hasura sends as well.
 *
 * It answers 204 when the handler has returned, the status of an `HttpException` that it threw, 422 for an
 * `EventRejectedError`, which ends the event at its sender, 404 where no method is there for it, and 500 else. A bundle is answered
 * by 207 with the status of each event that failed.
 *
 * @throws InvalidOptionsError for options that could never guard anything
 *
 * @example
 * @Module({ imports: [EventTriggersReceiverModule.forRoot({ path: 'hooks' })], providers: [OrderEmails] })
 * export class AppModule {}
 */
@Module({})
export class EventTriggersReceiverModule {
  static forRoot(options: EventTriggersReceiverOptions = {}): DynamicModule {
    const {
      path = 'event-triggers',
      dataSource = DEFAULT_DATA_SOURCE,
      decorators = [],
      ...guard
    } = options;
    const controller = receiverController(path, guard);
    for (const decorate of decorators) decorate(controller);
    return {
      module: EventTriggersReceiverModule,
      imports: [DiscoveryModule],
      controllers: [controller],
      providers: [
        {
          provide: HandlerRoutes,
          inject: [DiscoveryService, MetadataScanner, ExternalContextCreator, ModuleRef],
          useFactory: (
            discovery: DiscoveryService,
            scanner: MetadataScanner,
            contexts: ExternalContextCreator,
            moduleRef: ModuleRef,
          ) =>
            new HandlerRoutes(() => {
              // Null where the application does not import EventTriggersModule for the data source.
              const inbox = optionalProvider<Inbox>(moduleRef, tokenOf('Inbox', dataSource));
              return new EventHandlers(discovery, scanner, contexts, inbox);
            }, dataSource),
        },
        { provide: EVENT_TRIGGERS_RECEIVER, useValue: { path } },
      ],
    };
  }
}
