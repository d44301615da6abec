import {
  ConflictException,
  Controller,
  type ExecutionContext,
  Inject,
  Injectable,
  Module,
  Post,
  Scope,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { ExternalContextCreator } from '@nestjs/core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebhookSecretAuthenticator } from '../../lib/webhook/webhook-secret.authenticator.js';
import { WebhookSecretGuard } from '../../lib/webhook/webhook-secret.guard.js';
import { ADAPTERS, type RunningApp, runApp } from './running-app.js';

const HEADER = 'nhost-webhook-secret';

@Injectable()
class Tenants {
  webhookSecretsOf(tenant: string): Promise<readonly string[]> {
    if (tenant === 'unreachable') return Promise.reject(new Error('the vault is unreachable'));
    if (tenant === 'unknown') return Promise.resolve([]);
    return Promise.resolve(tenant === 'nameless' ? ['', ' '] : [`secret of ${tenant}`]);
  }
}

@Injectable()
class TenantAuthenticator extends WebhookSecretAuthenticator {
  @Inject(Tenants) private readonly tenants!: Tenants;

  protected override acceptedSecrets(context: ExecutionContext): Promise<readonly string[]> {
    const request = context.switchToHttp().getRequest<{ params: { tenant: string } }>();
    return this.tenants.webhookSecretsOf(request.params.tenant);
  }
}

@Controller('tenants')
class TenantsController {
  @Post(':tenant')
  @UseGuards(TenantAuthenticator)
  receive(): void {}
}

@Module({ controllers: [TenantsController], providers: [Tenants] })
class TenantsModule {}

@Injectable()
class ShopAuthenticator extends WebhookSecretAuthenticator {
  protected override readonly options = { secret: 'of the shop' };

  protected override headerName(): string {
    return 'X-Shop-Secret';
  }

  protected override refuse(): never {
    throw new ConflictException('not from the shop');
  }
}

@Controller('shop')
@UseGuards(ShopAuthenticator)
class ShopController {
  @Post()
  receive(): void {}
}

@Injectable({ scope: Scope.REQUEST })
class RequestScopedAuthenticator extends WebhookSecretAuthenticator {}

@Controller('request-scoped')
@UseGuards(RequestScopedAuthenticator)
class RequestScopedController {
  @Post()
  receive(): void {}
}

@Controller('inherited')
@WebhookSecretGuard({ secret: 'of the base' })
class BaseController {
  @Post()
  receive(): void {}
}

@Controller('heir')
class HeirController extends BaseController {}

@Controller('both')
@WebhookSecretGuard({ secret: 'of the class', header: 'x-class' })
class BothController {
  @Post()
  @WebhookSecretGuard({ secret: 'of the method', header: 'x-method' })
  receive(): void {}
}

/** What `ExternalContextCreator.create` takes between the name of a method and the kind of its context. */
const NO_PARAMETERS = [undefined, undefined, undefined, undefined, undefined] as const;

function receiverOf(...controllers: Type<unknown>[]): Type<unknown> {
  @Module({ controllers })
  class ReceiverModule {}
  return ReceiverModule;
}

describe('WebhookSecretAuthenticator', () => {
  let receiver: RunningApp;

  afterEach(async () => {
    await receiver?.close();
    vi.unstubAllEnvs();
  });

  describe.each(ADAPTERS)('extended, on %s', (_name, createAdapter) => {
    it('takes the secrets that a subclass finds for the request', async () => {
      vi.stubEnv('NHOST_WEBHOOK_SECRET', 'of the environment');
      receiver = await runApp(TenantsModule, createAdapter());
      const statusOf = async (tenant: string, secret: string): Promise<number> =>
        (await receiver.post(`/tenants/${tenant}`, { [HEADER]: secret })).status;

      expect(await statusOf('a', 'secret of a')).toBe(201);
      expect(await statusOf('b', 'secret of a')).toBe(401);
      expect(await statusOf('a', 'of the environment')).toBe(401);
    });

    it('refuses the request where a subclass cannot find the secrets', async () => {
      receiver = await runApp(TenantsModule, createAdapter());
      const answer = await receiver.post('/tenants/unreachable', { [HEADER]: 'any' });
      expect(answer.status).toBe(500);
      expect(answer.body).not.toContain('vault');
    });

    it('refuses empty secrets of a subclass too', async () => {
      receiver = await runApp(TenantsModule, createAdapter());
      expect(await receiver.post('/tenants/nameless', { [HEADER]: '' })).toMatchObject({
        status: 401,
      });
    });

    it('reads the header and gives the refusal that a subclass chooses', async () => {
      receiver = await runApp(receiverOf(ShopController), createAdapter());
      expect(await receiver.post('/shop', { 'x-shop-secret': 'of the shop' })).toMatchObject({
        status: 201,
      });
      const refusal = await receiver.post('/shop', { [HEADER]: 'of the shop' });
      expect(refusal.status).toBe(409);
      expect(refusal.contentType).toMatch(/^application\/json/);
      expect(JSON.parse(refusal.body)).toMatchObject({ message: 'not from the shop' });
    });
  });

  it('does not complain of a missing secret where a subclass decides by request', async () => {
    vi.stubEnv('NHOST_WEBHOOK_SECRET', undefined);
    receiver = await runApp(TenantsModule);
    expect(await receiver.post('/tenants/unknown', { [HEADER]: '' })).toMatchObject({
      status: 401,
    });
    expect(receiver.log.errors).toEqual([]);
  });

  it('works and complains once where it is made anew for every request', async () => {
    vi.stubEnv('NHOST_WEBHOOK_SECRET', undefined);
    receiver = await runApp(receiverOf(RequestScopedController));
    await receiver.post('/request-scoped');
    await receiver.post('/request-scoped');
    expect(receiver.log.errors).toHaveLength(1);

    vi.stubEnv('NHOST_WEBHOOK_SECRET', 'set since');
    const headers = { [HEADER]: 'set since' };
    expect(await receiver.post('/request-scoped', headers)).toMatchObject({ status: 201 });
  });

  it('guards the controllers that extend a guarded one', async () => {
    receiver = await runApp(receiverOf(HeirController));
    expect(await receiver.post('/heir', { [HEADER]: 'of the base' })).toMatchObject({
      status: 201,
    });
    expect(await receiver.post('/heir')).toMatchObject({ status: 401 });
  });

  it('must agree on the controller and on the method where both are guarded', async () => {
    receiver = await runApp(receiverOf(BothController));
    const ofClass = { 'x-class': 'of the class' };
    const ofMethod = { 'x-method': 'of the method' };
    expect(await receiver.post('/both', { ...ofClass, ...ofMethod })).toMatchObject({
      status: 201,
    });
    expect(await receiver.post('/both', ofClass)).toMatchObject({ status: 401 });
    expect(await receiver.post('/both', ofMethod)).toMatchObject({ status: 401 });
  });

  it('lets in only who knows the secret where it is made by hand for the whole application', async () => {
    @Controller('global')
    class GlobalController {
      @Post()
      receive(): void {}
    }
    receiver = await runApp(receiverOf(GlobalController), undefined, (app) =>
      app.useGlobalGuards(new WebhookSecretAuthenticator({ secret: 'by hand' })),
    );
    expect(await receiver.post('/global', { [HEADER]: 'by hand' })).toMatchObject({ status: 201 });
    expect(await receiver.post('/global')).toMatchObject({ status: 401 });
  });
});

describe('WebhookSecretGuard in places that are not for it', () => {
  let receiver: RunningApp | undefined;

  afterEach(async () => {
    await receiver?.close();
    receiver = undefined;
  });

  it.each(['rpc', 'ws', 'graphql'])(
    'refuses calls over %s and logs why, once',
    async (transport) => {
      @Injectable()
      class MessagesHandler {
        @WebhookSecretGuard({ secret: 's' })
        receive(this: void): string {
          return 'received';
        }
      }
      @Module({ providers: [MessagesHandler] })
      class MessagesModule {}
      receiver = await runApp(MessagesModule);
      const call = receiver.app
        .get(ExternalContextCreator)
        .create(
          receiver.app.get(MessagesHandler),
          MessagesHandler.prototype.receive,
          'receive',
          ...NO_PARAMETERS,
          transport,
        );

      await expect(call({ headers: { [HEADER]: 's' } })).rejects.toThrow('Forbidden');
      await expect(call({ headers: { [HEADER]: 's' } })).rejects.toThrow('Forbidden');
      expect(receiver.log.errors).toEqual([
        `EventTriggers: WebhookSecretGuard refuses MessagesHandler.receive, because it came over ${transport} ` +
          "and only HTTP carries the secret's header: guard an HTTP route instead. (code=webhooks-refused)",
      ]);
    },
  );

  it('stops the application from starting where it stands inside @UseGuards', async () => {
    @Controller()
    @UseGuards(WebhookSecretGuard)
    class MistakenController {
      @Post()
      receive(): void {}
    }
    await expect(runApp(receiverOf(MistakenController))).rejects.toThrow(
      /a decorator, not the class of a guard[^]*Fix: .*@UseGuards\(WebhookSecretAuthenticator\)/,
    );
  });
});
