import type { EntityManager } from 'typeorm';
import { DEFAULT_DATA_SOURCE } from '../event-triggers.tokens.js';
import type { HandlerDelivery } from '../pipeline/deliver/handler-destination.js';
import type { Operation } from '../pipeline/event.js';

/** Events by what happened to which table, whichever trigger has captured them. */
export interface TableEvents {
  /** A table of the schema public, or schema and name. */
  table: string | { schema?: string; name: string };
  /** Default: all. */
  operation?: Operation | Operation[];
}

/** Which events a method handles. */
export type HandledEvents = { readonly dataSource: string; readonly transactional: boolean } & (
  | { readonly trigger: string }
  | {
      readonly table: { readonly schema: string; readonly name: string };
      /** Null for all. */
      readonly operations: readonly Operation[] | null;
    }
);

/** What a transactional handler is told beside the payload. */
export interface TransactionalDelivery extends HandlerDelivery {
  /** Of the transaction in which the event is entered as handled. */
  readonly manager: EntityManager;
}

export interface OnEventTriggerOptions {
  /** The name given to `forRoot`, where it was given one. */
  dataSource?: string;
  /**
   * Runs the method in a transaction that also enters the event as handled: `manager` of a
   * `TransactionalDelivery` is its entity manager. What is done with it and the entry last together or not at all, so an
   * event that comes twice is handled once, unless somebody has asked for it again. Needs `EventTriggersModule` in the
   * application, for the table. Default: false.
   */
  transactional?: boolean;
}

/** On the methods themselves, as Nest keeps what it knows of a route. */
const HANDLED = Symbol('event-triggers:handled');

/**
 * Handles the events of a trigger, on a method of a provider or a controller: of one without a webhook in this process,
 * and of any that comes in at the endpoint of `EventTriggersReceiverModule`. That one also knows handlers by table, for
 * events whose trigger has none of its own. May stand several times on a method.
 *
 * The method is given the payload that a webhook would carry, and a `HandlerDelivery`. When it returns, or what it
 * returns resolves, the event is delivered; when it throws, the event is tried again as `retry` says, and so it is when it
 * takes longer than `timeout`. Guards, interceptors and filters of the method work, pipes where the payload is taken with
 * `@Body()`; `context.getType()` is `'event-trigger'` for them, and for those of the whole application. A filter that
 * returns a value or a promise has handled the error: the event is delivered. Integers and decimals that a number of
 * JavaScript cannot hold exactly are text.
 *
 * An event may come more than once: `payload.id` is the same each time. With `transactional` it is handled once.
 *
 * @example
 * @OnEventTrigger('order-created')
 * async orderCreated({ id, event }: EventTriggerPayload<Order>): Promise<void> {
 *   await this.mailer.send(event.data.new, { messageId: id });
 * }
 *
 * @example
 * @OnEventTrigger('order-created', { transactional: true })
 * async count({ event }: EventTriggerPayload<Order>, { manager }: TransactionalDelivery): Promise<void> {
 *   await manager.increment(Customer, { id: event.data.new.customer_id }, 'orders', 1);
 * }
 *
 * @example
 * @OnEventTrigger({ table: 'orders', operation: ['UPDATE', 'DELETE'] })
 * changed({ event }: EventTriggerPayload<Order>): Promise<void> { … }
 */
export function OnEventTrigger(
  events: string | TableEvents,
  { dataSource = DEFAULT_DATA_SOURCE, transactional = false }: OnEventTriggerOptions = {},
): MethodDecorator {
  const handled: HandledEvents = { dataSource, transactional, ...handledEvents(events) };
  return (_prototype, _name, descriptor) => {
    const method = descriptor.value as object;
    Reflect.defineMetadata(HANDLED, [...handledBy(method), handled], method);
  };
}

export function handledBy(method: object): readonly HandledEvents[] {
  return (Reflect.getMetadata(HANDLED, method) as HandledEvents[] | undefined) ?? [];
}

type Handled<Each> = Each extends unknown ? Omit<Each, 'dataSource' | 'transactional'> : never;

function handledEvents(events: string | TableEvents): Handled<HandledEvents> {
  if (typeof events === 'string') return { trigger: events };
  const { table, operation } = events;
  const { schema = 'public', name } = typeof table === 'string' ? { name: table } : table;
  return {
    table: { schema, name },
    operations: operation === undefined ? null : [operation].flat(),
  };
}
