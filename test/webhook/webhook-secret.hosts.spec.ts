import {
  Body,
  type CallHandler,
  type CanActivate,
  Controller,
  type ExecutionContext,
  type INestApplication,
  Injectable,
  Module,
  type NestInterceptor,
  Post,
  UnauthorizedException,
  ValidationPipe,
  VersioningType,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { map, type Observable } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EventTriggerPayload } from '../../lib/pipeline/event.js';
import { payloadOf } from '../../lib/testing/payload-of.js';
import { WebhookSecretGuard } from '../../lib/webhook/webhook-secret.guard.js';
import { ADAPTERS, type RunningApp, runApp } from './running-app.js';

const SECRET = 'a secret';
const KNOWN = { 'nhost-webhook-secret': SECRET };
const PROBLEM = { type: 'about:blank', title: 'Unauthorized', status: 401 };
const PAYLOAD = payloadOf({ trigger: 'order_created', new: { id: 1 } });

@Controller({ path: 'orders', version: '1' })
class OrdersController {
  @Post()
  @WebhookSecretGuard
  orderCreated(
    @Body() payload: EventTriggerPayload<{ id: number }>,
  ): EventTriggerPayload<{ id: number }> {
    return payload;
  }
}

@Module({ controllers: [OrdersController] })
class ReceiverModule {}

class WrappingInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data: unknown) => ({ wrapped: data })));
  }
}

@Injectable()
class TokenGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    if (request.headers['authorization'] === 'Bearer token') return true;
    throw new UnauthorizedException('of the application');
  }
}

@Module({
  controllers: [OrdersController],
  providers: [{ provide: APP_GUARD, useClass: TokenGuard }],
})
class TokenReceiverModule {}

const HOSTS: readonly (readonly [string, string, (app: INestApplication) => void])[] = [
  ['nothing special', '/orders', () => undefined],
  ['a global prefix', '/api/orders', (app) => app.setGlobalPrefix('api')],
  ['URI versioning', '/v1/orders', (app) => app.enableVersioning({ type: VersioningType.URI })],
  [
    'both',
    '/api/v1/orders',
    (app) => app.setGlobalPrefix('api').enableVersioning({ type: VersioningType.URI }),
  ],
  [
    'a strict ValidationPipe',
    '/orders',
    (app) =>
      app.useGlobalPipes(
        new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }),
      ),
  ],
];

describe.each(ADAPTERS)('WebhookSecretGuard in a host on %s', (_name, createAdapter) => {
  let receiver: RunningApp;

  beforeEach(() => {
    vi.stubEnv('NHOST_WEBHOOK_SECRET', SECRET);
  });

  afterEach(async () => {
    await receiver.close();
    vi.unstubAllEnvs();
  });

  it.each(HOSTS)(
    'lets the whole payload through and refuses strangers, with %s',
    async (_host, path, configure) => {
      receiver = await runApp(ReceiverModule, createAdapter(), configure);

      const accepted = await receiver.post(path, KNOWN, PAYLOAD);
      expect(accepted.status).toBe(201);
      expect(JSON.parse(accepted.body)).toEqual(PAYLOAD);

      const refused = await receiver.post(path, {}, PAYLOAD);
      expect(refused).toMatchObject({ status: 401 });
      expect(JSON.parse(refused.body)).toEqual(PROBLEM);
    },
  );

  it('keeps its refusal as it is where an interceptor wraps every response', async () => {
    receiver = await runApp(ReceiverModule, createAdapter(), (app) =>
      app.useGlobalInterceptors(new WrappingInterceptor()),
    );
    expect(JSON.parse((await receiver.post('/orders', KNOWN, PAYLOAD)).body)).toEqual({
      wrapped: PAYLOAD,
    });
    expect(JSON.parse((await receiver.post('/orders')).body)).toEqual(PROBLEM);
  });

  it('asks for its secret in addition to what an APP_GUARD asks for', async () => {
    receiver = await runApp(TokenReceiverModule, createAdapter());
    const token = { authorization: 'Bearer token' };

    expect(await receiver.post('/orders', { ...token, ...KNOWN })).toMatchObject({ status: 201 });
    expect(JSON.parse((await receiver.post('/orders', token)).body)).toEqual(PROBLEM);
    expect(JSON.parse((await receiver.post('/orders', KNOWN)).body)).toMatchObject({
      message: 'of the application',
    });
  });
});
