import { DEFAULT_DATA_SOURCE } from '../event-triggers.tokens.js';

/** Which events a method handles. */
export interface HandledTrigger {
  readonly trigger: string;
  readonly dataSource: string;
}

export interface OnEventTriggerOptions {
  /** The name given to `forRoot`, where it was given one. */
  dataSource?: string;
}

/** On the methods themselves, as Nest keeps what it knows of a route. */
const HANDLED = Symbol('event-triggers:handled');

/**
 * Handles the events of a trigger that has no webhook, in this process: on a method of a provider or a controller. May
 * stand several times on one.
 *
 * The method is given the payload that a webhook would carry, and a `HandlerDelivery`. When it returns, or what it
 * returns resolves, the event is delivered; when it throws, the event is tried again as `retry` says, and so it is when it
 * takes longer than `timeout`. Guards, interceptors and filters of the method work, pipes where the payload is taken with
 * `@Body()`; `context.getType()` is `'event-trigger'` for them, and for those of the whole application. A filter that
 * returns a value or a promise has handled the error: the event is delivered. Integers and decimals that a number of JavaScript cannot
 * hold exactly are text.
 *
 * An event may come more than once, as with webhooks: `payload.id` is the same each time.
 *
 * @example
 * @OnEventTrigger('order-created')
 * async orderCreated({ id, event }: EventTriggerPayload<Order>): Promise<void> {
 *   await this.mailer.send(event.data.new, { messageId: id });
 * }
 */
export function OnEventTrigger(
  trigger: string,
  { dataSource = DEFAULT_DATA_SOURCE }: OnEventTriggerOptions = {},
): MethodDecorator {
  return (_prototype, _name, descriptor) => {
    const method = descriptor.value as object;
    const others = handledBy(method);
    Reflect.defineMetadata(HANDLED, [...others, { trigger, dataSource }], method);
  };
}

export function handledBy(method: object): readonly HandledTrigger[] {
  return (Reflect.getMetadata(HANDLED, method) as HandledTrigger[] | undefined) ?? [];
}
