import { Controller, Module, Post, ValidationPipe, VersioningType } from '@nestjs/common';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebhookSecretGuard } from '../../lib/webhook/webhook-secret.guard.js';
import { ADAPTERS, type RunningApp, runApp } from './running-app.js';

const KEY = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const FORMER = `whsec_${Buffer.alloc(32, 2).toString('base64')}`;
const SECRET = { 'nhost-webhook-secret': 'a secret' };
/** What a parser would print otherwise. */
const BODY = '{ "2": 1.0, "1": "\\u00e4€", "big": 9223372036854775807 }';

@Controller({ version: '1' })
class ReceiverController {
  @Post('signed')
  @WebhookSecretGuard({ accept: 'signature', signingKeys: '{{SIGNING_KEY}}' })
  signed(): void {}

  @Post('either')
  @WebhookSecretGuard({
    accept: 'either',
    signingKeys: [KEY, { key: FORMER, until: '2020-01-01' }],
  })
  either(): void {}

  @Post('patient')
  @WebhookSecretGuard({ accept: 'signature', signingKeys: KEY, tolerance: 3_600 })
  patient(): void {}
}

@Module({ controllers: [ReceiverController] })
class ReceiverModule {}

function signed(key: string, at = new Date(), body = BODY): Record<string, string> {
  return {
    'webhook-id': 'an-id',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': new Webhook(key).sign('an-id', at, body),
  };
}

describe.each(ADAPTERS)('WebhookSecretGuard that accepts signatures, on %s', (_, createAdapter) => {
  let receiver: RunningApp;

  beforeEach(() => {
    vi.stubEnv('NHOST_WEBHOOK_SECRET', SECRET['nhost-webhook-secret']);
    vi.stubEnv('SIGNING_KEY', KEY);
  });
  afterEach(async () => {
    await receiver.close();
    vi.unstubAllEnvs();
  });

  const start = async (rawBody = true): Promise<void> => {
    receiver = await runApp(ReceiverModule, createAdapter(), () => undefined, { rawBody });
  };
  const statusOf = async (path: string, headers: Record<string, string | string[]>, body = BODY) =>
    (await receiver.post(path, headers, body)).status;

  it('lets in what its key has signed, byte for byte', async () => {
    await start();
    expect(await statusOf('/signed', signed(KEY))).toBe(201);
    expect(await statusOf('/signed', signed(KEY), `${BODY} `), 'another body').toBe(401);
    expect(await statusOf('/signed', signed(FORMER)), 'another key').toBe(401);
    expect(await statusOf('/signed', SECRET), 'the secret').toBe(401);
    expect(await statusOf('/signed', {}), 'nothing').toBe(401);
  });

  it('lets nobody in by what was overheard long ago', async () => {
    await start();
    const past = signed(KEY, new Date(Date.now() - 301_000));
    expect(await statusOf('/signed', past)).toBe(401);
    expect(await statusOf('/patient', past), 'within its tolerance').toBe(201);
  });

  it('refuses headers that came twice', async () => {
    await start();
    const headers = signed(KEY);
    for (const name of Object.keys(headers))
      expect(
        await statusOf('/signed', { ...headers, [name]: [headers[name]!, headers[name]!] }),
        `${name} twice`,
      ).toBe(401);
  });

  it('lets either proof in where it is told so, but no key that has expired', async () => {
    await start();
    expect(await statusOf('/either', SECRET)).toBe(201);
    expect(await statusOf('/either', signed(KEY))).toBe(201);
    expect(await statusOf('/either', signed(FORMER))).toBe(401);
    expect(await statusOf('/either', { ...SECRET, ...signed(FORMER) }), 'secret alone').toBe(201);
  });

  it('fails and says what to do where the application keeps no raw bodies', async () => {
    await start(false);
    expect(await statusOf('/signed', signed(KEY)), 'to be sent again').toBe(500);
    expect(await statusOf('/signed', signed(KEY))).toBe(500);
    expect(await statusOf('/signed', {}), 'without a signature').toBe(401);
    expect(await statusOf('/either', SECRET)).toBe(201);
    expect(receiver.log.errors.filter((line) => line.includes('rawBody: true'))).toHaveLength(1);
  });

  it('verifies behind a prefix, a version and a strict pipe', async () => {
    receiver = await runApp(
      ReceiverModule,
      createAdapter(),
      (app) =>
        app
          .setGlobalPrefix('api')
          .enableVersioning({ type: VersioningType.URI })
          .useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true })),
      { rawBody: true },
    );
    expect(await statusOf('/api/v1/signed', signed(KEY))).toBe(201);
    expect(await statusOf('/api/v1/signed', signed(FORMER))).toBe(401);
  });
});

describe('WebhookSecretGuard', () => {
  it('refuses to start with a key that is none, and does not show it', async () => {
    @Controller()
    class BrokenController {
      @Post()
      @WebhookSecretGuard({ accept: 'signature', signingKeys: 'whsec_too-short' })
      receive(): void {}
    }
    @Module({ controllers: [BrokenController] })
    class BrokenModule {}

    await expect(runApp(BrokenModule)).rejects.toThrow(
      'WebhookSecretGuard: a signing key is not base64 after its prefix',
    );
  });

  it('says that it has no key when the application starts', async () => {
    @Controller()
    class KeylessController {
      @Post()
      @WebhookSecretGuard({ accept: 'signature' })
      receive(): void {}
    }
    @Module({ controllers: [KeylessController] })
    class KeylessModule {}

    const receiver = await runApp(KeylessModule);
    await receiver.close();
    expect(receiver.log.errors).toEqual([
      'EventTriggers: WebhookSecretGuard refuses every request, because no signing key is configured: give signingKeys to the guard or to forRoot (code=webhooks-refused)',
    ]);
  });

  it.each([
    [{ accept: 'everything' as 'either' }, 'it cannot accept "everything"'],
    [{ tolerance: 0 }, '0 is no tolerance'],
    [{ tolerance: Number.NaN }, 'NaN is no tolerance'],
  ])('refuses the options %j', (options, message) => {
    expect(() => WebhookSecretGuard(options)).toThrow(message);
  });
});
