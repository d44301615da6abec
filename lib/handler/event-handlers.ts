import type { DiscoveryService, ExternalContextCreator, MetadataScanner } from '@nestjs/core';
import { InvalidOptionsError, InvalidTriggerError } from '../event-triggers.errors.js';
import { nearestName } from '../nearest-name.js';
import type { EventHandler } from '../pipeline/deliver/handler-destination.js';
import type { Operation } from '../pipeline/event.js';
import type { Inbox } from './inbox.js';
import {
  handledBy,
  type HandledEvents,
  type TransactionalDelivery,
} from './on-event-trigger.decorator.js';

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

/** One with a table instead of a trigger. */
interface TableHandler extends FoundHandler {
  readonly table: { readonly schema: string; readonly name: string };
  /** Null for all. */
  readonly operations: readonly Operation[] | null;
}

/** What an application has of them. */
export interface FoundHandlers {
  readonly byTrigger: ReadonlyMap<string, FoundHandler>;
  readonly byTable: readonly TableHandler[];
}

/** The methods of the application that handle events. */
export class EventHandlers {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly contexts: ExternalContextCreator,
    private readonly inbox: Inbox | null,
  ) {}

  /**
   * @throws InvalidOptionsError for a handler of a provider that exists per request, and for a second one of the same
   *   events
   */
  of(dataSource: string): FoundHandlers {
    const byTrigger = new Map<string, FoundHandler>();
    const byTable: TableHandler[] = [];
    for (const provider of [...this.discovery.getProviders(), ...this.discovery.getControllers()]) {
      for (const { events, method } of this.handled(provider, dataSource)) {
        const found = this.handlerOf(provider, method);
        const handler = events.transactional ? this.transactional(found) : found;
        if ('trigger' in events) {
          const { trigger } = events;
          refuseSecond(byTrigger.get(trigger), handler, `the event trigger "${trigger}"`);
          byTrigger.set(trigger, handler);
        } else {
          const { table, operations } = events;
          const taken = byTable.find((other) => overlap(other, events));
          refuseSecond(taken, handler, `events of the table ${table.schema}.${table.name}`);
          byTable.push({ ...handler, table, operations });
        }
      }
    }
    return { byTrigger, byTable };
  }

  private handled(
    { instance, metatype }: Provider,
    dataSource: string,
  ): { events: HandledEvents; method: string }[] {
    const prototype: unknown = instance ? Object.getPrototypeOf(instance) : metatype?.prototype;
    if (typeof prototype !== 'object' || prototype === null) return [];
    return this.scanner.getAllMethodNames(prototype).flatMap((method) =>
      handledBy((prototype as Record<string, object>)[method]!)
        .filter((events) => events.dataSource === dataSource)
        .map((events) => ({ events, method })),
    );
  }

  private transactional({ where, handle }: FoundHandler): FoundHandler {
    const { inbox } = this;
    if (inbox === null) {
      throw new InvalidOptionsError(
        `${where} is transactional, and nothing here remembers what was handled`,
        {
          hint: 'Import EventTriggersModule.forRoot({ dispatcher: false }) too: it installs the table.',
        },
      );
    }
    return {
      where,
      handle: (payload, delivery) =>
        inbox.once({ id: payload.id, redelivered: delivery.redelivered }, (manager) => {
          const transactional: TransactionalDelivery = { ...delivery, manager };
          return handle(payload, transactional);
        }),
    };
  }

  /**
   * Nest looks for the module of a class among providers only: of a controller it would find none, and then run none of
   * the guards, pipes, interceptors and filters that are given as classes.
   */
  private contextsOf({ host }: Provider): ExternalContextCreator {
    const getContextModuleKey = (): string => host?.token ?? '';
    return Object.assign(Object.create(this.contexts) as ExternalContextCreator, {
      getContextModuleKey,
    });
  }

  private handlerOf(provider: Provider, method: string): FoundHandler {
    const where = `${provider.metatype?.name ?? provider.name}.${method}`;
    if (!provider.isDependencyTreeStatic()) {
      throw new InvalidOptionsError(
        `${where} handles event triggers, but its class is made for each request`,
        { hint: 'An event is no request: move the handler to a class with the default scope.' },
      );
    }
    const instance = provider.instance as Record<string, (...parameters: unknown[]) => unknown>;
    const handle = this.contextsOf(provider).create(
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

function refuseSecond(
  other: FoundHandler | undefined,
  { where }: FoundHandler,
  events: string,
): void {
  // A provider may be in several modules.
  if (other === undefined || other.where === where) return;
  throw new InvalidOptionsError(`${other.where} and ${where} both handle ${events}`, {
    hint: 'Define a trigger for each: then one that fails does not repeat the other.',
  });
}

type Events = Pick<TableHandler, 'table' | 'operations'>;

function overlap(one: Events, other: Events): boolean {
  if (one.table.schema !== other.table.schema || one.table.name !== other.table.name) return false;
  const { operations } = other;
  if (one.operations === null || operations === null) return true;
  return one.operations.some((operation) => operations.includes(operation));
}

/**
 * Handlers that nothing would ever call, where events come from nowhere but this process.
 *
 * @throws InvalidOptionsError, InvalidTriggerError
 */
export function refuseIdleHandlers(
  { byTrigger, byTable }: FoundHandlers,
  triggers: readonly { readonly name: string; readonly webhook?: string }[],
): void {
  for (const { where, table } of byTable) {
    throw new InvalidOptionsError(
      `${where} handles events by their table, "${table.name}", which only the endpoint for webhooks does`,
      {
        hint: "Name a trigger: @OnEventTrigger('…'). Or import EventTriggersReceiverModule.forRoot().",
      },
    );
  }
  for (const [name, { where }] of byTrigger) {
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
        hint: 'Leave webhook out, or import EventTriggersReceiverModule.forRoot(), to whose endpoint it may lead.',
      });
    }
  }
}
