import {
  Controller,
  Inject,
  Injectable,
  Module,
  type OnModuleInit,
  Post,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebhookSecretAuthenticator } from '../../lib/webhook/webhook-secret.authenticator.js';
import { WebhookSecretGuard } from '../../lib/webhook/webhook-secret.guard.js';
import { ADAPTERS, type RunningApp, runApp } from './running-app.js';

const COMPLAINT =
  'EventTriggers: WebhookSecretGuard refuses every request, because no webhook secret is configured: ' +
  'set NHOST_WEBHOOK_SECRET or pass `secret`. (code=webhooks-refused)';

@Controller('bare-class')
@WebhookSecretGuard
class BareClassController {
  @Post()
  receive(): void {}
}

@Controller('bare-method')
class BareMethodController {
  @Post()
  @WebhookSecretGuard
  receive(): void {}
}

@Controller('called')
class CalledController {
  @Post()
  @WebhookSecretGuard()
  receive(): void {}
}

@Controller('empty-option')
class EmptyOptionController {
  @Post()
  @WebhookSecretGuard({ secret: '' })
  receive(): void {}
}

@Controller('no-option')
class NoOptionController {
  @Post()
  @WebhookSecretGuard({ secret: [] })
  receive(): void {}
}

@Controller('use-guards')
@UseGuards(WebhookSecretAuthenticator)
class UseGuardsController {
  @Post()
  receive(): void {}
}

@Controller('configured')
@WebhookSecretGuard({ secret: 'inline' })
class ConfiguredController {
  @Post()
  receive(): void {}
}

@Controller('unguarded')
class UnguardedController {
  @Post()
  receive(): void {}
}

function receiverOf(...controllers: Type<unknown>[]): Type<unknown> {
  @Module({ controllers })
  class ReceiverModule {}
  return ReceiverModule;
}

describe('WebhookSecretGuard without a configured secret', () => {
  let receiver: RunningApp;

  beforeEach(() => {
    vi.stubEnv('NHOST_WEBHOOK_SECRET', undefined);
  });

  afterEach(async () => {
    await receiver.close();
    vi.unstubAllEnvs();
  });

  describe.each(ADAPTERS)('on %s', (_name, createAdapter) => {
    it.each([
      ['a bare decorator on a controller', BareClassController, '/bare-class'],
      ['a bare decorator on a method', BareMethodController, '/bare-method'],
      ['a called decorator', CalledController, '/called'],
      ['an empty secret in its options', EmptyOptionController, '/empty-option'],
      ['an empty list of secrets', NoOptionController, '/no-option'],
      ['@UseGuards', UseGuardsController, '/use-guards'],
    ])('says so at start and refuses everything, with %s', async (_how, controller, path) => {
      receiver = await runApp(receiverOf(controller), createAdapter());
      expect(receiver.log.errors).toEqual([COMPLAINT]);

      for (const secret of ['', ' ', 'undefined', 'null', '[object Object]']) {
        const answer = await receiver.post(path, { 'nhost-webhook-secret': secret });
        expect(answer.status).toBe(401);
      }
      expect(await receiver.post(path)).toMatchObject({ status: 401 });
    });
  });

  it('refuses everything where the variable is set but blank', async () => {
    vi.stubEnv('NHOST_WEBHOOK_SECRET', ' \n');
    receiver = await runApp(receiverOf(BareClassController));
    expect(receiver.log.errors).toEqual([COMPLAINT]);
    expect(await receiver.post('/bare-class', { 'nhost-webhook-secret': ' ' })).toMatchObject({
      status: 401,
    });
  });

  it('does not fall back to the environment from an empty secret in its options', async () => {
    vi.stubEnv('NHOST_WEBHOOK_SECRET', 'of the environment');
    receiver = await runApp(receiverOf(EmptyOptionController));
    const headers = { 'nhost-webhook-secret': 'of the environment' };
    expect(await receiver.post('/empty-option', headers)).toMatchObject({ status: 401 });
  });

  it('says it once, however many routes are guarded and requests are refused', async () => {
    receiver = await runApp(
      receiverOf(BareClassController, BareMethodController, CalledController, UseGuardsController),
    );
    await receiver.post('/bare-class');
    await receiver.post('/bare-method');
    expect(receiver.log.errors).toEqual([COMPLAINT]);
  });

  it('says it of an APP_GUARD too', async () => {
    @Module({
      controllers: [UnguardedController],
      providers: [{ provide: APP_GUARD, useClass: WebhookSecretAuthenticator }],
    })
    class GuardedModule {}
    receiver = await runApp(GuardedModule);
    expect(receiver.log.errors).toEqual([COMPLAINT]);
    expect(await receiver.post('/unguarded')).toMatchObject({ status: 401 });
  });

  it('says it at the first request of a guard that Nest did not make', async () => {
    receiver = await runApp(receiverOf(UnguardedController), undefined, (app) =>
      app.useGlobalGuards(new WebhookSecretAuthenticator()),
    );
    expect(receiver.log.errors).toEqual([]);
    await receiver.post('/unguarded');
    await receiver.post('/unguarded');
    expect(receiver.log.errors).toEqual([COMPLAINT]);
  });

  it('says nothing where every guarded route has a secret of its own', async () => {
    receiver = await runApp(receiverOf(ConfiguredController));
    expect(receiver.log.errors).toEqual([]);
  });

  it('says nothing where a provider loads the variable while the application starts', async () => {
    @Injectable()
    class Environment implements OnModuleInit {
      onModuleInit(): void {
        vi.stubEnv('NHOST_WEBHOOK_SECRET', 'loaded at start');
      }
    }
    @Module({ controllers: [BareClassController], providers: [Environment] })
    class ReceiverModule {
      constructor(@Inject(Environment) readonly environment: Environment) {}
    }
    receiver = await runApp(ReceiverModule);
    expect(receiver.log.errors).toEqual([]);
    const headers = { 'nhost-webhook-secret': 'loaded at start' };
    expect(await receiver.post('/bare-class', headers)).toMatchObject({ status: 201 });
  });
});
