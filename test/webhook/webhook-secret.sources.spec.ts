import { Controller, type DynamicModule, Global, Module, Post } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebhookSecretGuard } from '../../lib/webhook/webhook-secret.guard.js';
import {
  WEBHOOK_SECRET_SETTINGS,
  type WebhookSecretSettings,
} from '../../lib/webhook/webhook-secret.settings.js';
import { type RunningApp, runApp } from './running-app.js';

@Controller()
class ReceiverController {
  @Post('plain')
  @WebhookSecretGuard
  plain(): void {}

  @Post('own-secret')
  @WebhookSecretGuard({ secret: 'of the route' })
  ownSecret(): void {}

  @Post('own-header')
  @WebhookSecretGuard({ header: 'x-of-the-route' })
  ownHeader(): void {}
}

@Module({ controllers: [ReceiverController] })
class ReceiverModule {}

@Global()
@Module({})
class SettingsModule {}

/** Provides the settings as the module of the package does: globally, from outside the receiver. */
function receiverWith(settings: WebhookSecretSettings): DynamicModule {
  return {
    module: SettingsModule,
    imports: [ReceiverModule],
    providers: [{ provide: WEBHOOK_SECRET_SETTINGS, useValue: settings }],
    exports: [WEBHOOK_SECRET_SETTINGS],
  };
}

describe('WebhookSecretGuard finds its secret', () => {
  let receiver: RunningApp;

  afterEach(async () => {
    await receiver.close();
    vi.unstubAllEnvs();
  });

  async function statusOf(path: string, secret: string, header = 'nhost-webhook-secret') {
    return (await receiver.post(path, { [header]: secret })).status;
  }

  it('in the environment, in an application that imports nothing of the package', async () => {
    vi.stubEnv('NHOST_WEBHOOK_SECRET', 'of the environment');
    receiver = await runApp(ReceiverModule);
    expect(await statusOf('/plain', 'of the environment')).toBe(201);
    expect(await statusOf('/plain', 'another')).toBe(401);
  });

  it('in the settings of the module, and then no longer in the environment', async () => {
    vi.stubEnv('NHOST_WEBHOOK_SECRET', 'of the environment');
    receiver = await runApp(receiverWith({ secret: 'of the module' }));
    expect(await statusOf('/plain', 'of the module')).toBe(201);
    expect(await statusOf('/plain', 'of the environment')).toBe(401);
  });

  it('in its own options, and then neither in the module nor in the environment', async () => {
    vi.stubEnv('NHOST_WEBHOOK_SECRET', 'of the environment');
    receiver = await runApp(receiverWith({ secret: 'of the module' }));
    expect(await statusOf('/own-secret', 'of the route')).toBe(201);
    expect(await statusOf('/own-secret', 'of the module')).toBe(401);
    expect(await statusOf('/own-secret', 'of the environment')).toBe(401);
  });

  it('among several of the module', async () => {
    receiver = await runApp(receiverWith({ secret: ['new', 'old'] }));
    expect(await statusOf('/plain', 'new')).toBe(201);
    expect(await statusOf('/plain', 'old')).toBe(201);
    expect(await statusOf('/plain', 'new,old')).toBe(401);
  });

  it('in the environment where the module sets only the header', async () => {
    vi.stubEnv('NHOST_WEBHOOK_SECRET', 'of the environment');
    receiver = await runApp(receiverWith({ header: 'X-Of-The-Module' }));
    expect(await statusOf('/plain', 'of the environment', 'x-of-the-module')).toBe(201);
    expect(await statusOf('/plain', 'of the environment')).toBe(401);
  });

  it('in the header of its own options rather than in that of the module', async () => {
    receiver = await runApp(receiverWith({ secret: 's', header: 'x-of-the-module' }));
    expect(await statusOf('/own-header', 's', 'x-of-the-route')).toBe(201);
    expect(await statusOf('/own-header', 's', 'x-of-the-module')).toBe(401);
  });

  it('in variables that were loaded after the controller was declared', async () => {
    vi.stubEnv('NHOST_WEBHOOK_SECRET', undefined);
    receiver = await runApp(ReceiverModule);
    expect(await statusOf('/plain', 'late')).toBe(401);
    vi.stubEnv('NHOST_WEBHOOK_SECRET', 'late');
    expect(await statusOf('/plain', 'late')).toBe(201);
  });

  it.each([
    ['a newline', 'from a file\n'],
    ['a newline of Windows', 'from a file\r\n'],
    ['blanks', 'from a file  \t'],
  ])('in a variable that ends with %s', async (_what, value) => {
    vi.stubEnv('NHOST_WEBHOOK_SECRET', value);
    receiver = await runApp(ReceiverModule);
    expect(await statusOf('/plain', 'from a file')).toBe(201);
  });
});
