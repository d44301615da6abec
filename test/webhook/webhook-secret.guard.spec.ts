import { Controller, Module, Post } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebhookSecretGuard } from '../../lib/webhook/webhook-secret.guard.js';
import { ADAPTERS, type RunningApp, runApp } from './running-app.js';

const SECRET = 'a secret of the environment';
const HEADER = 'nhost-webhook-secret';

@Controller('guarded-class')
@WebhookSecretGuard
class BareClassController {
  @Post('first')
  first(): string {
    return 'first';
  }

  @Post('second')
  second(): string {
    return 'second';
  }
}

@Controller('called-class')
@WebhookSecretGuard()
class CalledClassController {
  @Post()
  only(): string {
    return 'called class';
  }
}

@Controller('configured-class')
@WebhookSecretGuard({ secret: 'of the class' })
class ConfiguredClassController {
  @Post()
  only(): string {
    return 'configured class';
  }
}

@Controller('methods')
class MethodsController {
  @Post('open')
  open(): string {
    return 'open';
  }

  @Post('bare')
  @WebhookSecretGuard
  bare(): string {
    return 'bare';
  }

  @Post('called')
  @WebhookSecretGuard()
  called(): string {
    return 'called';
  }

  @Post('rotating')
  @WebhookSecretGuard({ secret: ['the new one', 'the old one'] })
  rotating(): string {
    return 'rotating';
  }

  @Post('own-header')
  @WebhookSecretGuard({ header: 'X-Shop-Secret' })
  ownHeader(): string {
    return 'own header';
  }

  @Post('empty')
  @WebhookSecretGuard({ secret: ['', '  '] })
  empty(): string {
    return 'empty';
  }

  @Post('with-comma')
  @WebhookSecretGuard({ secret: 'left, right' })
  withComma(): string {
    return 'with comma';
  }

  @Post('classic')
  @WebhookSecretGuard({ status: 400, message: 'Incorrect webhook secret' })
  classic(): string {
    return 'classic';
  }

  @Post('hidden')
  @WebhookSecretGuard({ status: 404 })
  hidden(): string {
    return 'hidden';
  }
}

@Module({
  controllers: [
    BareClassController,
    CalledClassController,
    ConfiguredClassController,
    MethodsController,
  ],
})
class ReceiverModule {}

describe.each(ADAPTERS)('WebhookSecretGuard on %s', (_name, createAdapter) => {
  let receiver: RunningApp;

  beforeAll(async () => {
    vi.stubEnv('NHOST_WEBHOOK_SECRET', SECRET);
    receiver = await runApp(ReceiverModule, createAdapter());
  });

  afterAll(async () => {
    await receiver.close();
    vi.unstubAllEnvs();
  });

  it.each([
    ['the bare decorator on a controller', '/guarded-class/first', 'first'],
    ['the bare decorator on a controller, for every route', '/guarded-class/second', 'second'],
    ['the called decorator on a controller', '/called-class', 'called class'],
    ['the bare decorator on a method', '/methods/bare', 'bare'],
    ['the called decorator on a method', '/methods/called', 'called'],
  ])('lets in who knows the secret and nobody else with %s', async (_how, path, body) => {
    expect(await receiver.post(path, { [HEADER]: SECRET })).toMatchObject({ status: 201, body });
    expect(await receiver.post(path, { [HEADER]: `${SECRET}!` })).toMatchObject({ status: 401 });
    expect(await receiver.post(path)).toMatchObject({ status: 401 });
  });

  it('leaves the other methods of a controller open', async () => {
    expect(await receiver.post('/methods/open')).toMatchObject({ status: 201, body: 'open' });
  });

  it('takes the secret of its options before that of the environment', async () => {
    const path = '/configured-class';
    expect(await receiver.post(path, { [HEADER]: 'of the class' })).toMatchObject({ status: 201 });
    expect(await receiver.post(path, { [HEADER]: SECRET })).toMatchObject({ status: 401 });
  });

  it('accepts each of several secrets while one is being replaced', async () => {
    const path = '/methods/rotating';
    expect(await receiver.post(path, { [HEADER]: 'the new one' })).toMatchObject({ status: 201 });
    expect(await receiver.post(path, { [HEADER]: 'the old one' })).toMatchObject({ status: 201 });
    expect(await receiver.post(path, { [HEADER]: 'the oldest' })).toMatchObject({ status: 401 });
  });

  it('reads the header of its options and no other', async () => {
    const path = '/methods/own-header';
    expect(await receiver.post(path, { 'x-shop-secret': SECRET })).toMatchObject({ status: 201 });
    expect(await receiver.post(path, { [HEADER]: SECRET })).toMatchObject({ status: 401 });
  });

  it('finds the header however its name is capitalised', async () => {
    const headers = { 'NHOST-Webhook-Secret': SECRET };
    expect(await receiver.post('/methods/bare', headers)).toMatchObject({ status: 201 });
  });

  it('refuses a repeated header, even where one or every value is right', async () => {
    for (const values of [
      [SECRET, 'other'],
      ['other', SECRET],
      [SECRET, SECRET],
    ]) {
      expect(await receiver.post('/methods/bare', { [HEADER]: values })).toMatchObject({
        status: 401,
      });
    }
  });

  it('refuses a repeated header whose values make up the secret once Node has joined them', async () => {
    const path = '/methods/with-comma';
    expect(await receiver.post(path, { [HEADER]: 'left, right' })).toMatchObject({ status: 201 });
    expect(await receiver.post(path, { [HEADER]: ['left', 'right'] })).toMatchObject({
      status: 401,
    });
  });

  it('never takes an empty header for an empty secret', async () => {
    for (const value of ['', ' ', '  ']) {
      expect(await receiver.post('/methods/empty', { [HEADER]: value })).toMatchObject({
        status: 401,
      });
    }
  });

  it('refuses with a problem document that does not tell what was wrong', async () => {
    const refusals = await Promise.all([
      receiver.post('/methods/bare'),
      receiver.post('/methods/bare', { [HEADER]: '' }),
      receiver.post('/methods/bare', { [HEADER]: 'wrong' }),
      receiver.post('/methods/bare', { [HEADER]: SECRET.slice(0, -1) }),
      receiver.post('/methods/bare', { [HEADER]: [SECRET, SECRET] }),
    ]);
    for (const refusal of refusals) {
      expect(refusal.contentType).toMatch(/^application\/problem\+json(;|$)/);
      expect(JSON.parse(refusal.body)).toEqual({
        type: 'about:blank',
        title: 'Unauthorized',
        status: 401,
      });
    }
  });

  it('refuses with the status and the message of its options', async () => {
    const refusal = await receiver.post('/methods/classic', { [HEADER]: 'wrong' });
    expect(refusal.status).toBe(400);
    expect(JSON.parse(refusal.body)).toEqual({
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      detail: 'Incorrect webhook secret',
      message: 'Incorrect webhook secret',
    });
  });

  it('can look like a route that does not exist', async () => {
    const refusal = await receiver.post('/methods/hidden', { [HEADER]: 'wrong' });
    expect(refusal.status).toBe(404);
    expect(JSON.parse(refusal.body)).toMatchObject({ title: 'Not Found' });
  });
});

describe('WebhookSecretGuard refuses to be declared', () => {
  it.each([[200], [302], [399], [600], [401.5]])('with status %d, which is no error', (status) => {
    expect(() => WebhookSecretGuard({ status })).toThrow(/not the status of a refusal[^]*Fix: /);
  });

  it.each(['', 'two words', 'höflich', 'colon:'])(
    'with header "%s", which no request can have',
    (header) => {
      expect(() => WebhookSecretGuard({ header })).toThrow(
        /not the name of an HTTP header[^]*Fix: /,
      );
    },
  );

  it('on a property, which Nest would leave unguarded', () => {
    const guardProperty = WebhookSecretGuard as (prototype: object, property: string) => void;
    expect(() => guardProperty(MethodsController.prototype, 'open')).toThrow(
      /"open" is not a method/,
    );
  });
});
