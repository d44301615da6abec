import {
  ConflictException,
  type CallHandler,
  ForbiddenException,
  type INestApplication,
  Injectable,
  Module,
  type NestInterceptor,
  UseGuards,
  ValidationPipe,
  VersioningType,
  type Type,
} from '@nestjs/common';
import {
  EventRejectedError,
  EventTriggersReceiverModule,
  type EventTriggersReceiverOptions,
  type EventTriggerPayload,
  type HandlerDelivery,
  OnEventTrigger,
} from 'nestjs-event-triggers';
import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import { payloadOf } from 'nestjs-event-triggers/testing';
import { map } from 'rxjs';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADAPTERS, type RunningApp, runApp } from '../webhook/running-app.js';

const SECRET = 'a secret';
const KEY = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const KNOWN = { 'nhost-webhook-secret': SECRET };
const PATH = '/event-triggers';

const payload = (more: Partial<EventTriggerPayload> = {}): EventTriggerPayload => ({
  ...payloadOf({
    trigger: 'order_created',
    new: { id: 1 },
    id: '00000000-0000-8000-8000-000000000001',
    createdAt: new Date('2026-11-24T04:11:40.123Z'),
    currentRetry: 2,
  }),
  ...more,
});
const ofTable = (op: 'UPDATE' | 'DELETE', name = 'orders', schema = 'public') =>
  payloadOf({
    trigger: 'unknown_here',
    table: { name, schema },
    op,
    old: { id: 1 },
    ...(op === 'UPDATE' && { new: { id: 2 } }),
  });

/** What handlers were called with, by their names. */
let calls: [string, unknown, HandlerDelivery?][];
/** What they do then. */
let behave: (payload: EventTriggerPayload) => unknown;

@Injectable()
class Orders {
  @OnEventTrigger('order_created')
  async created(event: EventTriggerPayload, delivery: HandlerDelivery): Promise<string> {
    calls.push(['created', event, delivery]);
    await behave(event);
    return 'what a handler returns is nobody’s business';
  }

  @OnEventTrigger({ table: 'orders', operation: 'UPDATE' })
  updated(event: EventTriggerPayload): void {
    calls.push(['updated', event]);
  }

  @OnEventTrigger({ table: { schema: 'shop', name: 'orders' } })
  anything(event: EventTriggerPayload): void {
    calls.push(['anything', event]);
  }
}

class Wrapping implements NestInterceptor {
  intercept(_context: unknown, next: CallHandler) {
    return next.handle().pipe(map((data: unknown) => ({ wrapped: data })));
  }
}

const appOf = (options: EventTriggersReceiverOptions, ...providers: Type[]): Type => {
  @Module({ imports: [EventTriggersReceiverModule.forRoot(options)], providers })
  class App {}
  return App;
};

describe.each(ADAPTERS)('the endpoint for webhooks on %s', (_, makeAdapter) => {
  let running: RunningApp | undefined;

  beforeEach(() => {
    calls = [];
    behave = () => undefined;
  });
  afterEach(async () => {
    await running?.close();
    running = undefined;
  });

  const run = async (
    options: EventTriggersReceiverOptions = { secret: SECRET },
    configure: (app: INestApplication) => void = () => undefined,
    { rawBody = true, providers = [Orders] as Type[] } = {},
  ): Promise<RunningApp> => {
    running = await runApp(appOf(options, ...providers), makeAdapter(), configure, { rawBody });
    return running;
  };

  it('calls the method for the trigger, once it has let the request in', async () => {
    const { post } = await run();
    expect(await post(PATH, {}, payload())).toMatchObject({ status: 401 });
    expect(calls).toEqual([]);
    expect(await post(PATH, KNOWN, payload())).toMatchObject({ status: 204, body: '' });
    expect(calls).toEqual([
      ['created', payload(), { attempt: 3, redelivered: false, signal: expect.any(AbortSignal) }],
    ]);
    expect(calls[0]![2]!.signal.aborted, 'the sender waits').toBe(false);
  });

  it('takes a signature where it is told to', async () => {
    const { post } = await run({ accept: 'signature', signingKeys: KEY });
    const body = JSON.stringify(payload());
    const at = new Date();
    const signed = {
      'webhook-id': payload().id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': new Webhook(KEY).sign(payload().id, at, body),
    };
    expect(await post(PATH, KNOWN, body)).toMatchObject({ status: 401 });
    expect(await post(PATH, signed, body)).toMatchObject({ status: 204 });
  });

  it.each<[string, EventTriggerPayload, string | null]>([
    ['the method for its table and operation', ofTable('UPDATE'), 'updated'],
    ['the method for all of its table', ofTable('DELETE', 'orders', 'shop'), 'anything'],
    ['none for another operation', ofTable('DELETE'), null],
    ['none for another table', ofTable('UPDATE', 'other'), null],
  ])('gives an event whose trigger has no method to %s', async (_name, event, expected) => {
    const { post } = await run();
    const { status, body } = await post(PATH, KNOWN, event);
    expect(calls.map(([name]) => name)).toEqual(expected === null ? [] : [expected]);
    expect(status).toBe(expected === null ? 404 : 204);
    expect(body).toMatch(
      expected === null ? /No method has @OnEventTrigger for .*unknown_here/ : /^$/,
    );
  });

  it('keeps numbers that JavaScript cannot hold as text, where raw bodies are kept', async () => {
    const { post } = await run();
    const body = JSON.stringify(payload()).replace('"id":1}', '"id":9223372036854775807}');
    expect(await post(PATH, KNOWN, body)).toMatchObject({ status: 204 });
    expect(calls[0]![1]).toMatchObject({ event: { data: { new: { id: '9223372036854775807' } } } });
  });

  it('works where the application keeps no raw bodies', async () => {
    const { post } = await run({ secret: SECRET }, () => undefined, { rawBody: false });
    expect(await post(PATH, KNOWN, payload())).toMatchObject({ status: 204 });
    expect(calls[0]![1]).toEqual(payload());
  });

  it('stands under the prefix of the application and outside of its versions, whatever else is global', async () => {
    const { post } = await run({ secret: SECRET, path: 'hooks/in' }, (app) => {
      app.setGlobalPrefix('api');
      app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
      app.useGlobalPipes(
        new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }),
      );
      app.useGlobalInterceptors(new Wrapping());
    });
    expect(await post('/api/hooks/in', KNOWN, payload())).toMatchObject({ status: 204, body: '' });
    expect(calls[0]![1]).toEqual(payload());
  });

  it.each<[string, () => unknown, number, RegExp]>([
    ['that throws', () => Promise.reject(new Error('swordfish')), 500, /^(?!.*swordfish)/],
    [
      'that throws an HttpException',
      () => Promise.reject(new ConflictException('has it')),
      409,
      /has it/,
    ],
    ['that rejects', () => Promise.reject(new EventRejectedError('no order')), 422, /no order/],
  ])('answers for a method %s', async (_name, does, status, body) => {
    behave = does;
    const { post } = await run();
    expect(await post(PATH, KNOWN, payload())).toMatchObject({
      status,
      body: expect.stringMatching(body),
    });
  });

  it.each([
    ['{}', 400, /no event in the format/],
    ['[{}]', 400, /Item 0 of the body is no event/],
    ['null', 400, /./],
    ['{', 400, /./],
    [JSON.stringify({ ...payload(), trigger: {} }), 400, /no event/],
    [JSON.stringify({ ...payload(), event: { op: 'UPSERT', data: {} } }), 400, /no event/],
  ])('refuses the body %s', async (body, status, message) => {
    const { post } = await run();
    const answer = await post(PATH, KNOWN, body);
    expect(answer).toMatchObject({ status, body: expect.stringMatching(message) });
    expect(calls).toEqual([]);
  });

  it('answers a bundle with the status of each event that failed, whatever wraps answers', async () => {
    const [one, two, three, four, five] = ['1', '2', '3', '4', '5'].map((id) => payload({ id }));
    behave = ({ id }) => {
      if (id === '2') throw new ConflictException();
      if (id === '3') throw new EventRejectedError('never');
      if (id === '4') throw new Error('fails');
    };
    const { post } = await run({ secret: SECRET }, (app) =>
      app.useGlobalInterceptors(new Wrapping()),
    );
    const answer = await post(PATH, KNOWN, [
      one,
      two,
      three,
      four,
      { ...five, trigger: { name: 'x' } },
    ]);
    expect(answer).toMatchObject({ status: 207 });
    expect(JSON.parse(answer.body)).toEqual({
      statuses: { '2': 409, '3': 'rejected', '4': 500, '5': 404 },
    });
    expect(calls).toHaveLength(4);
  });

  it('leaves it to Nest to log what a method throws in a bundle, once each', async () => {
    const bundle = ['1', '2'].map((id) => payload({ id }));
    behave = ({ id }) => {
      throw id === '1' ? new Error('fails at 1') : 'fails at 2';
    };
    const { app, post } = await run();
    const logged: unknown[] = [];
    app.useLogger({
      log: () => undefined,
      warn: () => undefined,
      error: (error: unknown, ...more: unknown[]) => logged.push([String(error), more.at(-1)]),
    });
    await post(PATH, KNOWN, bundle);
    app.useLogger(false);
    expect(logged).toEqual([
      ['Error: fails at 1', 'ExceptionsHandler'],
      ['fails at 2', 'ExceptionsHandler'],
    ]);
  });

  it('tells the method when its sender does not wait any more', async () => {
    let aborted: () => void = () => undefined;
    const abortion = new Promise<void>((resolve) => (aborted = resolve));
    const { app } = await run();
    behave = async () => {
      const { signal } = calls[0]![2]!;
      signal.addEventListener('abort', () => aborted());
      controller.abort();
      await abortion;
    };
    const controller = new AbortController();
    const url = `${await app.getUrl()}${PATH}`;
    const sent = fetch(url, {
      method: 'POST',
      headers: { ...KNOWN, 'content-type': 'application/json' },
      body: JSON.stringify(payload()),
      signal: controller.signal,
    });
    await expect(sent).rejects.toThrow(/abort/);
    await abortion;
  });

  it('leaves the rest of a bundle alone when its sender does not wait any more', async () => {
    const { app } = await run();
    const controller = new AbortController();
    behave = async () => {
      const { signal } = calls[0]![2]!;
      const abortion = once(signal, 'abort');
      controller.abort();
      await abortion;
    };
    const ended = once(app.getHttpServer() as Server, 'request').then(([, response]) =>
      once(response as ServerResponse, 'close'),
    );
    const sent = fetch(`${await app.getUrl()}${PATH}`, {
      method: 'POST',
      headers: { ...KNOWN, 'content-type': 'application/json' },
      body: JSON.stringify([payload({ id: '1' }), payload({ id: '2' })]),
      signal: controller.signal,
    });
    await expect(sent).rejects.toThrow(/abort/);
    await ended;
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls).toHaveLength(1);
  });

  it('carries the decorators that it is given', async () => {
    const guard: ClassDecorator = (target) =>
      UseGuards(
        class {
          canActivate(): boolean {
            throw new ForbiddenException('by a decorator');
          }
        },
      )(target);
    const { post } = await run({ secret: SECRET, decorators: [guard] });
    expect(await post(PATH, KNOWN, payload())).toMatchObject({ status: 403 });
  });

  it('says at start that nothing handles what it receives', async () => {
    const { log } = await run({ secret: SECRET }, () => undefined, { providers: [] });
    expect(log.warnings.join('\n')).toMatch(/no method of the application has @OnEventTrigger/);
  });

  it.each([
    [{ status: 200 }, /200 is not the status of a refusal/],
    [{ header: 'a b' }, /not the name of an HTTP header/],
  ])('refuses options that could never guard it: %j', (options, message) => {
    expect(() => EventTriggersReceiverModule.forRoot(options)).toThrow(message);
  });

  it('does not start with two methods for the same events', async () => {
    @Injectable()
    class Twice {
      @OnEventTrigger({ table: 'orders', operation: ['UPDATE', 'DELETE'] })
      one(): void {
        calls.push(['never', null]);
      }

      @OnEventTrigger({ table: 'orders', operation: 'DELETE' })
      other(): void {
        calls.push(['never', null]);
      }
    }
    await expect(run({ secret: SECRET }, () => undefined, { providers: [Twice] })).rejects.toThrow(
      /Twice\.one and Twice\.other both handle events of the table public\.orders/,
    );
  });
});
