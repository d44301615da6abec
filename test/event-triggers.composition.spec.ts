import { HttpModule } from '@nestjs/axios';
import {
  Controller,
  type DynamicModule,
  type INestApplicationContext,
  Inject,
  Injectable,
  Module,
  Post,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  EventTriggersModule,
  type EventTriggersOptions,
  type EventTriggersOptionsFactory,
  WebhookSecretGuard,
} from 'nestjs-event-triggers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { createTestDatabase, type TestDatabase } from './support/test-database.js';
import { type RunningApp, runApp } from './webhook/running-app.js';

const OPTIONS = Symbol('what a module of the host provides');

describe('the module as part of an application', () => {
  let database: TestDatabase;
  let receiver: FakeReceiver;
  let application: INestApplicationContext | RunningApp | undefined;

  beforeEach(async () => {
    receiver = await startFakeReceiver();
    database = await createTestDatabase();
    await database.query('create table notes (id int primary key, body text)');
  });

  afterEach(async () => {
    await application?.close();
    application = undefined;
    await receiver.close();
    await database.drop();
  });

  const note = () => ({
    name: 'note_added',
    table: 'notes',
    insert: true as const,
    webhook: receiver.url,
  });
  const options = (): EventTriggersOptions => ({ application: 'test', triggers: [note()] });

  /** An application of these modules beside TypeORM. */
  const hostOf = (
    imports: (DynamicModule | Type<unknown>)[],
    dataSource?: string,
  ): Type<unknown> => {
    const { dataSourceOptions } = database;
    @Module({
      imports: [
        TypeOrmModule.forRoot({
          ...dataSourceOptions,
          ...(dataSource !== undefined && { name: dataSource }),
          autoLoadEntities: true,
        }),
        ...imports,
      ],
    })
    class Host {}
    return Host;
  };
  const boot = async (...imports: (DynamicModule | Type<unknown>)[]) => {
    application = await NestFactory.createApplicationContext(hostOf(imports), {
      logger: ['error'],
      abortOnError: false,
    });
  };
  const deliveredInsert = async () => {
    await database.query('insert into notes values (1)');
    const [request] = await receiver.waitFor(1);
    return request!;
  };
  const deliveredTrigger = async () => {
    const { body } = await deliveredInsert();
    return (JSON.parse(body) as { trigger: { name: string } }).trigger.name;
  };

  it('takes its options from a factory with what a module of the host exports', async () => {
    @Module({ providers: [{ provide: OPTIONS, useFactory: options }], exports: [OPTIONS] })
    class Configuration {}
    await boot(
      EventTriggersModule.forRootAsync({
        imports: [Configuration],
        inject: [OPTIONS],
        useFactory: async (given: EventTriggersOptions) => given,
      }),
    );
    expect(await deliveredTrigger()).toBe('note_added');
  });

  it('takes its options from a provider that exists already', async () => {
    @Injectable()
    class Existing implements EventTriggersOptionsFactory {
      constructor(@Inject(OPTIONS) private readonly given: EventTriggersOptions) {}

      createEventTriggersOptions(): EventTriggersOptions {
        return this.given;
      }
    }
    @Module({
      providers: [Existing, { provide: OPTIONS, useFactory: options }],
      exports: [Existing],
    })
    class Configuration {}
    await boot(
      EventTriggersModule.forRootAsync({ imports: [Configuration], useExisting: Existing }),
    );
    expect(await deliveredTrigger()).toBe('note_added');
  });

  it('finds what feature modules define although it is not global', async () => {
    await boot(
      EventTriggersModule.forFeature([note()]),
      EventTriggersModule.forRoot({ application: 'test', isGlobal: false }),
    );
    expect(await deliveredTrigger()).toBe('note_added');
  });

  it('sends through the HttpModule that it is given', async () => {
    await boot(
      EventTriggersModule.forRoot({
        application: 'test',
        triggers: [note()],
        httpModule: HttpModule.register({ headers: { 'x-marked': 'by the host' } }),
      }),
    );
    const { headers } = await deliveredInsert();
    expect(headers['x-marked']).toBe('by the host');
  });

  it.each([
    ['the default data source', undefined, /on the default data source,.*forRoot\(\) in the root/s],
    ['a named one', 'billing', /on the data source "billing",.*dataSource: 'billing'/s],
  ])('refuses triggers of a feature on %s without forRoot', async (_, dataSource, message) => {
    await expect(boot(EventTriggersModule.forFeature([note()], dataSource))).rejects.toThrow(
      message,
    );
  });

  it.each([
    ['the default data source', undefined],
    ['a named data source', 'billing'],
  ])('gives guards the secrets and the header of its options on %s', async (_, dataSource) => {
    @Controller()
    class Hooks {
      @Post('hook')
      @WebhookSecretGuard
      hook(): void {}
    }
    @Module({ controllers: [Hooks] })
    class Hosted {}
    const running = await runApp(
      hostOf(
        [
          EventTriggersModule.forRoot({
            application: 'test',
            ...(dataSource !== undefined && { dataSource }),
            webhookSecret: ['new', 'old'],
            webhookSecretHeader: 'x-secret',
          }),
          Hosted,
        ],
        dataSource,
      ),
    );
    application = running;
    const statusWith = async (headers: Record<string, string>) =>
      (await running.post('/hook', headers)).status;

    expect(await statusWith({ 'x-secret': 'new' })).toBe(201);
    expect(await statusWith({ 'x-secret': 'old' })).toBe(201);
    expect(await statusWith({ 'x-secret': 'wrong' })).toBe(401);
    expect(await statusWith({ 'nhost-webhook-secret': 'new' }), 'another header').toBe(401);
  });
});
