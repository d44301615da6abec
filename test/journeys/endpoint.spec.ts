import { Injectable, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { TypeOrmModule, type TypeOrmModuleOptions } from '@nestjs/typeorm';
import {
  EventRejectedError,
  EventTriggersModule,
  EventTriggersReceiverModule,
  type EventTriggerPayload,
  OnEventTrigger,
  type TriggerDefinition,
} from 'nestjs-event-triggers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { freePort } from '../support/free-port.mjs';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/wait-until.js';

const SECRET = 'a secret';

describe('an application that sends webhooks to its own endpoint', () => {
  let database: TestDatabase;
  let app: Awaited<ReturnType<typeof NestFactory.create>> | undefined;
  let handled: number[];

  beforeEach(async () => {
    handled = [];
    database = await createTestDatabase();
    await database.query('create table orders (id int primary key)');
    vi.stubEnv('NHOST_WEBHOOK_SECRET', SECRET);
  });
  afterEach(async () => {
    await app?.close();
    vi.unstubAllEnvs();
    await database.drop();
  });

  @Injectable()
  class Orders {
    private failures = 0;

    @OnEventTrigger('order_created')
    created({ event }: EventTriggerPayload<{ id: number }>): void {
      const { id } = event.data.new!;
      if (id % 10 === 3) throw new EventRejectedError(`order ${id} is of a test`);
      if (id % 10 === 7 && (this.failures += 1) <= 2) throw new Error('not now');
      handled.push(id);
    }
  }

  const boot = async (own: Partial<TriggerDefinition>): Promise<void> => {
    const port = await freePort();
    const definition: TriggerDefinition = {
      name: 'order_created',
      table: 'orders',
      insert: true,
      webhook: `http://127.0.0.1:${port}/api/event-triggers`,
      ...own,
    };
    const imports: (Type | object)[] = [
      TypeOrmModule.forRoot({
        ...database.dataSourceOptions,
        autoLoadEntities: true,
        retryAttempts: 0,
      } as TypeOrmModuleOptions),
      EventTriggersModule.forRoot({
        application: 'test',
        retry: { strategy: 'fixed', delay: '100ms' },
        breaker: false,
        triggers: [definition],
      }),
      EventTriggersReceiverModule.forRoot(),
    ];
    @Module({ imports: imports as Type[], providers: [Orders] })
    class App {}
    app = await NestFactory.create(App, new ExpressAdapter(), { rawBody: true, logger: ['fatal'] });
    app.setGlobalPrefix('api');
    await app.listen(port, '127.0.0.1');
  };

  it.each([{}, { bundle: { size: 20, within: '300ms' } }] satisfies Partial<TriggerDefinition>[])(
    'handles each event, one by one or together, tries again what failed and gives up what is rejected: %o',
    async (own) => {
      await boot(own);
      await database.query('insert into orders select generate_series(1, 10)');
      const dead = await eventually(
        async () => {
          const rows = await database.query<{ id: number; reason: string }>(
            `select (new ->> 'id')::int as id, reason from event_triggers.dead_letter`,
          );
          return handled.length >= 9 && rows.length >= 1 && rows;
        },
        { describe: 'nine orders handled and one given up' },
      );
      expect(dead).toEqual([{ id: 3, reason: 'rejected' }]);
      expect(handled.sort((one, other) => one - other)).toEqual([1, 2, 4, 5, 6, 7, 8, 9, 10]);
      const retries = await database.query(
        `select from event_triggers.attempt where outcome = 'retry'`,
      );
      expect(retries, 'of the seventh').toHaveLength(2);
    },
  );
});
