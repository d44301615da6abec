import type { DiscoveryService, ExternalContextCreator, MetadataScanner } from '@nestjs/core';
import { InvalidOptionsError, InvalidTriggerError } from '../event-triggers.errors.js';
import { nearestName } from '../nearest-name.js';
import type { EventHandler } from '../pipeline/deliver/handler-destination.js';
import { handledBy } from './on-event-trigger.decorator.js';

/** What guards, interceptors and filters are told by `context.getType()`. */
const CONTEXT_TYPE = 'event-trigger';
/** Where Nest keeps which parameters of a method carry decorators. */
const PARAMETERS = '__routeArguments__';
/** The number of `@Body()` among those. */
const BODY = 3;

type Provider = ReturnType<DiscoveryService['getProviders']>[number];

/** A method with `@OnEventTrigger`. */
export interface FoundHandler {
  /** `OrdersService.orderCreated`. */
  readonly where: string;
  readonly handle: EventHandler;
}

/** The methods of the application that handle events, by the name of their trigger. */
export class EventHandlers {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly contexts: ExternalContextCreator,
  ) {}

  /**
   * @throws InvalidOptionsError for a handler of a provider that exists per request, and for a second one of a trigger
   */
  of(dataSource: string): ReadonlyMap<string, FoundHandler> {
    const found = new Map<string, FoundHandler>();
    for (const provider of [...this.discovery.getProviders(), ...this.discovery.getControllers()]) {
      for (const { trigger, method } of this.handled(provider, dataSource)) {
        const handler = this.handlerOf(provider, method, trigger);
        const other = found.get(trigger);
        if (other !== undefined && other.where !== handler.where) {
          throw new InvalidOptionsError(
            `${other.where} and ${handler.where} both handle the event trigger "${trigger}"`,
            { hint: 'Define a trigger for each: then one that fails does not repeat the other.' },
          );
        }
        found.set(trigger, handler);
      }
    }
    return found;
  }

  private handled(
    { instance, metatype }: Provider,
    dataSource: string,
  ): { trigger: string; method: string }[] {
    const prototype: unknown = instance ? Object.getPrototypeOf(instance) : metatype?.prototype;
    if (typeof prototype !== 'object' || prototype === null) return [];
    return this.scanner.getAllMethodNames(prototype).flatMap((method) =>
      handledBy((prototype as Record<string, object>)[method]!)
        .filter((handled) => handled.dataSource === dataSource)
        .map(({ trigger }) => ({ trigger, method })),
    );
  }

  private handlerOf(provider: Provider, method: string, trigger: string): FoundHandler {
    const where = `${provider.metatype?.name ?? provider.name}.${method}`;
    if (!provider.isDependencyTreeStatic()) {
      throw new InvalidOptionsError(
        `${where} handles the event trigger "${trigger}", but its class is made for each request`,
        { hint: 'An event is no request: move the handler to a class with the default scope.' },
      );
    }
    const instance = provider.instance as Record<string, (...parameters: unknown[]) => unknown>;
    const handle = this.contexts.create(
      instance,
      instance[method]!,
      method,
      PARAMETERS,
      { exchangeKeyForValue: parameterOf },
      undefined,
      undefined,
      { guards: true, interceptors: true, filters: true },
      CONTEXT_TYPE,
    );
    return { where, handle: handle as EventHandler };
  }
}

/** `@Body()` is the payload, and `@Body('id')` a member of it; nothing else of a request is there. */
function parameterOf(type: number, name: unknown, [payload]: unknown[]): unknown {
  if (type !== BODY) return undefined;
  if (typeof name !== 'string' || name === '') return payload;
  return (payload as Record<string, unknown>)[name];
}

/** Which of the triggers that are defined here each handler is for. */
export function refuseIdleHandlers(
  handlers: ReadonlyMap<string, FoundHandler>,
  triggers: readonly { readonly name: string; readonly webhook?: string }[],
): void {
  for (const [name, { where }] of handlers) {
    const trigger = triggers.find((one) => one.name === name);
    if (trigger === undefined) {
      const nearest = nearestName(
        name,
        triggers.map((one) => one.name),
      );
      throw new InvalidOptionsError(
        `${where} handles the event trigger "${name}", which is not defined`,
        { hint: nearest ? `Do you mean "${nearest}"?` : 'Define it with defineTrigger.' },
      );
    }
    if (trigger.webhook !== undefined) {
      throw new InvalidTriggerError(name, `it has a webhook, so that ${where} is never called`, {
        hint: 'Leave webhook out of the definition, or @OnEventTrigger off the method.',
      });
    }
  }
}
