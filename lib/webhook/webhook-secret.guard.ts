import { UseGuards } from '@nestjs/common';
import { InvalidOptionsError } from '../event-triggers.errors.js';
import { WebhookSecretAuthenticator } from './webhook-secret.authenticator.js';
import { checkedGuardOptions, type WebhookSecretGuardOptions } from './webhook-secret.options.js';

type ControllerClass = abstract new (...dependencies: never[]) => object;
type GuardDecorator = ClassDecorator & MethodDecorator;

/**
 * Lets in only webhooks that carry the secret: on a controller it guards every route, on a method that one.
 *
 * The secret is that of the options, else of `EventTriggersModule`, else `NHOST_WEBHOOK_SECRET`; the header
 * likewise, by default `nhost-webhook-secret`. It works without the module, in an application that only receives.
 * Everything else is refused with the same 401, whether the header was missing, repeated or wrong; without a
 * configured secret everything is. Guards on a controller and on its method must both agree.
 *
 * @throws InvalidOptionsError where `header` is no header's name, `status` no error status, or the decorator
 * stands where it could not guard: on a property or inside `@UseGuards()`
 *
 * @example
 * @Controller('webhooks')
 * @WebhookSecretGuard
 * export class WebhooksController {
 *   @Post('order-created')
 *   orderCreated(@Body() payload: EventTriggerPayload<Order>): void {}
 * }
 *
 * @example
 * @Post('order-created')
 * @WebhookSecretGuard({ secret: [current, previous], status: 400, message: 'Incorrect webhook secret' })
 * orderCreated(@Body() payload: EventTriggerPayload<Order>): void {}
 */
export function WebhookSecretGuard(options?: WebhookSecretGuardOptions): GuardDecorator;
/** Guards every route of a controller with the settings of the module or the environment. */
export function WebhookSecretGuard(controller: ControllerClass): void;
/** Guards one route with the settings of the module or the environment. */
export function WebhookSecretGuard(
  prototype: object,
  method: string | symbol,
  descriptor: PropertyDescriptor,
): void;
export function WebhookSecretGuard(
  target?: WebhookSecretGuardOptions | ControllerClass | object,
  method?: string | symbol,
  descriptor?: PropertyDescriptor,
): GuardDecorator | void {
  if (new.target !== undefined) throw usedAsGuardClass();
  const guard = UseGuards(WebhookSecretAuthenticator);
  if (target === undefined) return guard;
  if (method !== undefined) return guardMethod(guard, target, method, descriptor);
  if (typeof target === 'function') return void guard(target);
  return UseGuards(authenticatorWith(checkedGuardOptions(target)));
}

function guardMethod(
  guard: GuardDecorator,
  prototype: object,
  method: string | symbol,
  descriptor: PropertyDescriptor | undefined,
): void {
  if (descriptor !== undefined) return void guard(prototype, method, descriptor);
  // Nest would take the prototype for a controller here and leave the route open.
  throw new InvalidOptionsError(`WebhookSecretGuard: "${String(method)}" is not a method`, {
    hint: 'Turn the property into a method, or guard the controller.',
  });
}

/** `@UseGuards(WebhookSecretGuard)` makes Nest construct this function and then ignore what it got: an open route. */
function usedAsGuardClass(): InvalidOptionsError {
  return new InvalidOptionsError('WebhookSecretGuard is a decorator, not the class of a guard', {
    hint: 'Write @WebhookSecretGuard without @UseGuards, or @UseGuards(WebhookSecretAuthenticator).',
  });
}

/** A class of its own for each use: Nest keeps one instance of a guard's class per module. */
function authenticatorWith(options: WebhookSecretGuardOptions): typeof WebhookSecretAuthenticator {
  return class extends WebhookSecretAuthenticator {
    protected override readonly options = options;
  };
}
