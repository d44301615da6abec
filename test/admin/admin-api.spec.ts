import { ValidationPipe, VersioningType, type INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { EventTriggersAdminModule } from 'nestjs-event-triggers';
import { drain, startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { payloadIn } from '../support/payload.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/wait-until.js';
import { ADAPTERS } from '../webhook/running-app.js';
import {
  AdminGuard,
  PATH,
  startAdministered,
  Wrapping,
  type AdministeredApp,
  type AdministeredAppOptions,
} from './administered-app.js';

describe.each(ADAPTERS)('the admin API on %s', (_, adapter) => {
  let database: TestDatabase;
  let receiver: FakeReceiver;
  let host: AdministeredApp | undefined;

  beforeEach(async () => {
    receiver = await startFakeReceiver();
    database = await createTestDatabase();
    await database.query('create table orders (id int primary key, total numeric)');
  });
  afterEach(async () => {
    await host?.close();
    host = undefined;
    await receiver.close();
    await database.drop();
  });

  async function start({
    dispatcher,
    ...options
  }: Partial<AdministeredAppOptions> & { dispatcher?: false } = {}): Promise<AdministeredApp> {
    host = await startAdministered({
      database,
      adapter: adapter(),
      eventTriggers: {
        triggers: [{ name: 'order_made', table: 'orders', insert: true, webhook: receiver.url }],
        retry: { attempts: 1 },
        dispatcher,
      },
      ...options,
    });
    return host;
  }
  const definition = () => ({
    name: 'large_order',
    table: 'orders',
    insert: { where: { column: 'total', operator: '>=', value: 1000 } },
    webhook: receiver.url,
  });

  it('makes, changes, pauses and deletes a trigger', async () => {
    const { call } = await start();

    const preview = await call('POST', 'triggers/preview', definition());
    expect(preview.body).toEqual({
      statements: expect.arrayContaining([expect.stringContaining('create')]) as string[],
    });
    expect(await call('POST', 'triggers', definition())).toMatchObject({
      status: 201,
      body: { name: 'large_order', made: definition(), operations: ['INSERT'] },
    });
    expect(await call('PATCH', 'triggers/large_order', { timeout: '5s' })).toMatchObject({
      status: 200,
      body: { made: { timeout: '5s' } },
    });
    expect((await call('POST', 'triggers/large_order/pause')).body).toEqual({ changed: true });
    expect((await call('GET', 'triggers/large_order')).body).toMatchObject({
      deliveryPaused: { reason: 'hand', since: expect.any(String) as string },
    });
    expect((await call('POST', 'triggers/large_order/resume')).body).toEqual({ changed: true });
    expect((await call('POST', 'triggers/large_order/pause-capture')).body).toHaveProperty('since');
    expect((await call('POST', 'triggers/large_order/resume-capture')).body).toMatchObject({
      missed: { from: expect.any(String) as string },
    });
    expect((await call('DELETE', 'triggers/large_order?whenRemoved=purge')).body).toEqual({
      waiting: 0,
    });
    const { body } = await call('GET', 'triggers');
    expect(body['triggers']).toMatchObject([
      { name: 'large_order', removedAt: expect.any(String) as string },
      { name: 'order_made', made: null, removedAt: null },
    ]);
  });

  it('shows events and what came of them, and sends them again', async () => {
    const { app, call } = await start();
    receiver.respondWith([{ status: 503, body: 'not now' }, { status: 200 }]);
    await database.query('insert into orders values (1, 5)');
    await drain(app);
    const { id } = payloadIn(receiver.requests[0]!);

    const list = await call('GET', 'events?trigger=order_made&state=dead&state=delivered&limit=10');
    expect(list.body).toMatchObject({ events: [{ id, state: 'dead' }], next: null });
    expect((await call('GET', `events/${id}`)).body).toMatchObject({
      event: { data: { new: { id: 1, total: 5 } } },
      history: [{ status: 503, responseBody: 'not now' }],
    });
    expect((await call('GET', 'dead-letters')).body).toMatchObject({
      groups: [{ trigger: 'order_made', reason: 'exhausted', errorCode: 'HTTP_503', count: 1 }],
      isComplete: true,
    });
    expect((await call('POST', 'redeliveries', { dryRun: true })).body).toEqual({ events: 1 });
    const sent = await call('POST', 'redeliveries', {});
    expect(sent.type).toBe('application/x-ndjson');
    expect(sent.text).toBe('{"redelivered":1}\n{"redelivered":1,"done":true}\n');
    await drain(app);
    expect((await call('GET', `events/${id}`)).body).toMatchObject({ state: 'delivered' });
    expect(await call('POST', `events/${id}/redeliver`)).toMatchObject({ status: 200 });
    await drain(app);
    expect(receiver.requests).toHaveLength(3);
    expect((await call('POST', `events/${id}/cancel`)).body).toEqual({ state: 'delivered' });
  });

  it('tells how deliveries went', async () => {
    const { call } = await start();
    receiver.respondWith([{ status: 503 }, { status: 200 }]);
    await database.query('insert into orders values (1, 5), (2, 5)');

    const statistics = await eventually(
      async () => {
        const { body } = await call('GET', 'statistics?minutes=5');
        const { triggers } = body as { triggers: Record<string, { attempts: number }> };
        return triggers['order_made']?.attempts === 2 && triggers['order_made'];
      },
      { describe: 'two attempts in the statistics' },
    );
    expect(statistics).toMatchObject({ failed: 1, p95: expect.any(Number) as number });
    expect(await call('GET', 'statistics?minutes=1e9')).toMatchObject({ status: 422 });
  });

  it('tells of tables and columns', async () => {
    const { call } = await start();
    expect((await call('GET', 'tables')).body).toEqual({
      tables: [{ schema: 'public', name: 'orders' }],
    });
    expect((await call('GET', 'tables/public/orders')).body).toEqual({
      columns: [
        { name: 'id', type: 'integer', isKey: true },
        { name: 'total', type: 'numeric', isKey: false },
      ],
    });
  });

  it('counts before it purges', async () => {
    const { call } = await start({ dispatcher: false });
    await database.query('insert into orders values (1, 5), (2, 5)');

    expect((await call('POST', 'triggers/order_made/purge')).body).toEqual({ waiting: 2 });
    expect(await call('POST', 'triggers/order_made/purge', { confirm: 1 })).toMatchObject({
      status: 409,
      body: { code: 'ET_MORE_WAIT' },
    });
    expect((await call('POST', 'triggers/order_made/purge', { confirm: 2 })).body).toEqual({
      waiting: 2,
    });
    expect((await call('POST', 'triggers/order_made/purge', {})).body).toEqual({ waiting: 0 });
  });

  it('says so when something has changed, and lets the application stop meanwhile', async () => {
    const { url } = await start();
    const stream = await fetch(`${url}/api/live`, { headers: { authorization: 'open sesame' } });
    expect(stream.headers.get('content-type')).toBe('text/event-stream');
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
    const first = reader.read();
    // Until it has looked once there is nothing to compare with.
    const writes = setInterval(
      () =>
        void database.query('insert into orders select coalesce(max(id), 0) + 1, 5 from orders'),
      300,
    );
    expect((await first).value).toBe('event: changed\ndata: {}\n\n');
    clearInterval(writes);

    await host!.close();
    host = undefined;
    await eventually(async () => (await reader.read()).done, { describe: 'the end of the stream' });
  });

  it.each<[string, (app: INestApplication) => void, string]>([
    ['a prefix', (app) => app.setGlobalPrefix('v0'), '/v0'],
    ['versions', (app) => app.enableVersioning({ type: VersioningType.URI }), ''],
    ['answers that are wrapped', (app) => app.useGlobalInterceptors(new Wrapping()), ''],
    [
      'a strict ValidationPipe',
      (app) =>
        app.useGlobalPipes(
          new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }),
        ),
      '',
    ],
  ])('is the same in a host with %s', async (_host, configure, prefix) => {
    const { call } = await start({ configure, prefix });
    expect(await call('POST', 'triggers', definition())).toMatchObject({ status: 201 });
    expect((await call('GET', 'triggers')).body['triggers']).toHaveLength(2);
    expect(await call('POST', 'redeliveries', { dryRun: true })).toMatchObject({
      body: { events: 0 },
    });
    expect(await call('GET', 'triggers/large_ordr')).toMatchObject({
      status: 404,
      body: { code: 'ET_UNKNOWN_TRIGGER' },
    });
  });

  it.each<[string, string, unknown, number, string, string]>([
    ['POST', 'triggers', { name: 'x' }, 422, 'ET_INVALID_TRIGGER', 'webhook: must'],
    ['POST', 'triggers', [], 422, 'ET_INVALID_REQUEST', 'JSON object'],
    ['PATCH', 'triggers/order_made', {}, 409, 'ET_OWNED_BY_CODE', 'defined in the code'],
    ['DELETE', 'triggers/order_made', undefined, 409, 'ET_OWNED_BY_CODE', 'defined in the code'],
    ['DELETE', 'triggers/a?whenRemoved=hide', undefined, 422, 'ET_INVALID_REQUEST', 'whenRemoved'],
    ['POST', 'triggers/order_made/invoke', {}, 409, 'ET_NOT_MANUAL', 'not for invoking'],
    ['GET', 'triggers/order_mad', undefined, 404, 'ET_UNKNOWN_TRIGGER', 'did you mean'],
    ['GET', 'events?limit=0', undefined, 422, 'ET_INVALID_FILTER', 'limit'],
    ['GET', 'events?from=noon', undefined, 422, 'ET_INVALID_FILTER', 'from'],
    ['GET', 'events?stat=dead', undefined, 422, 'ET_INVALID_REQUEST', 'did you mean "state"'],
    ['GET', 'events/1', undefined, 422, 'ET_INVALID_EVENT_ID', 'no id of an event'],
    ['POST', 'redeliveries', { perSecond: 0 }, 422, 'ET_INVALID_REQUEST', 'perSecond: must'],
    ['POST', 'redeliveries', { state: 'delivered' }, 422, 'ET_TRIGGER_REQUIRED', 'one trigger'],
    ['POST', 'redeliveries', { triger: 'a' }, 422, 'ET_INVALID_REQUEST', 'did you mean "trigger"'],
  ])('refuses %s %s with %j', async (method, route, body, status, code, detail) => {
    const { call } = await start();
    const refused = await call(method, route, body);
    expect(refused).toMatchObject({ status, body: { status, code, type: 'about:blank' } });
    expect(refused.type).toMatch(/^application\/problem\+json/);
    expect(refused.body['detail']).toContain(detail);
    expect(refused.body['detail'], 'the fix stands beside it').not.toContain('Fix:');
  });

  it('lets nobody in whom its guards do not know, on any route', async () => {
    const { call } = await start();
    const stranger = { authorization: 'a guess' };
    for (const [method, route] of [
      ['GET', 'triggers'],
      ['POST', 'triggers'],
      ['PATCH', 'triggers/order_made'],
      ['DELETE', 'triggers/order_made'],
      ['GET', 'events'],
      ['POST', 'redeliveries'],
      ['GET', 'dead-letters'],
      ['GET', 'tables'],
      ['GET', 'live'],
    ] as const) {
      const { status } = await call(method, route, undefined, stranger);
      expect(status, `${method} ${route}`).toBe(403);
    }
  });

  it('takes no change that a page of another site could send', async () => {
    const { url } = await start();
    const response = await fetch(`${url}/api/triggers/order_made/pause`, {
      method: 'POST',
      headers: { authorization: 'open sesame' },
    });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ code: 'ET_CROSS_SITE' });
  });

  it('shows no literal value of a header, and keeps it through a change', async () => {
    const { app, call } = await start();
    const made = await call('POST', 'triggers', {
      ...definition(),
      insert: true,
      headers: [
        { name: 'authorization', value: 'Bearer s3cret' },
        { name: 'x-from', valueFromEnv: 'PATH' },
      ],
    });
    expect(made).toMatchObject({ status: 201 });
    expect(made.text).not.toContain('s3cret');
    const shown = made.body['made'] as Record<string, unknown>;
    expect(shown['headers']).toEqual([
      { name: 'authorization', value: null, isHidden: true },
      { name: 'x-from', valueFromEnv: 'PATH' },
    ]);

    const changed = await call('PATCH', 'triggers/large_order', { ...shown, timeout: '5s' });
    expect(changed).toMatchObject({ status: 200 });
    await database.query('insert into orders values (1, 5)');
    await drain(app);

    const sent = receiver.requests.find(({ headers }) => headers['x-from'] !== undefined);
    expect(sent!.headers['authorization']).toBe('Bearer s3cret');
  });

  it('is described in the OpenAPI document of the host', async () => {
    const { app } = await start();
    const document = SwaggerModule.createDocument(app, new DocumentBuilder().build());
    const { get, post } = document.paths[`/${PATH}/api/triggers`]!;
    expect(get?.summary).toBe('The triggers of the application, with what waits of each');
    expect(post?.requestBody).toBeDefined();
    const parameters = document.paths[`/${PATH}/api/events`]!.get!.parameters;
    expect(JSON.stringify(parameters)).toContain('"name":"state"');
  });
});

describe('an admin API that nothing guards', () => {
  it.each([
    ['no guards', {}],
    ['an empty list', { guards: [] }],
  ])('keeps the application from starting: %s', (_, options) => {
    expect(() => EventTriggersAdminModule.forRoot(options)).toThrow(
      /Nothing guards the admin API.*event-triggers[\s\S]*Fix: Give guards/,
    );
  });

  it('is refused where a guard is none', () => {
    const guards = [AdminGuard, undefined] as never;
    expect(() => EventTriggersAdminModule.forRoot({ guards })).toThrow(/guards\[1\]/);
  });

  it('starts where the host says that something else guards it', () => {
    expect(EventTriggersAdminModule.forRoot({ unsafelyPublic: true }).controllers).toHaveLength(6);
  });
});
