import { Injectable, Scope, type Type } from '@nestjs/common';
import { OnEventTrigger, type TriggerDefinition } from 'nestjs-event-triggers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startApplication } from '../support/application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const orderCreated: TriggerDefinition = {
  name: 'order_created',
  table: 'orders',
  insert: true,
  retry: { strategy: 'fixed', delay: '100ms', attempts: 3 },
};

describe('an application with handlers does not boot', () => {
  let database: TestDatabase;

  @Injectable()
  class Orders {
    @OnEventTrigger('order_created')
    orderCreated(): void {}
  }

  beforeAll(async () => {
    database = await createTestDatabase();
    await database.query('create table orders (id bigint primary key, note text not null)');
  });
  afterEach(() => database.query('drop schema if exists event_triggers cascade'));
  afterAll(() => database.drop());

  const start = async (
    providers: Type<unknown>[],
    triggers: TriggerDefinition[] = [orderCreated],
  ): Promise<void> => {
    const application = await startApplication({
      database,
      eventTriggers: { triggers },
      imports: [{ module: class OrdersModule {}, providers }],
    });
    await application.close();
  };

  it('without a handler, which the error names', async () => {
    await expect(start([])).rejects.toThrow(
      /Event trigger "order_created": it has neither a webhook nor a handler here\n.*@OnEventTrigger\('order_created'\)/,
    );
  });

  it('with two handlers', async () => {
    @Injectable()
    class Others {
      @OnEventTrigger('order_created')
      again(): void {}
    }
    await expect(start([Orders, Others])).rejects.toThrow(
      'Orders.orderCreated and Others.again both handle the event trigger "order_created"',
    );
  });

  it('with a handler in a class that is made for each request', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest {
      @OnEventTrigger('order_created')
      orderCreated(): void {}
    }
    await expect(start([PerRequest])).rejects.toThrow('its class is made for each request');
  });

  it('with a handler of a table, where no webhooks come in', async () => {
    @Injectable()
    class OfTable {
      @OnEventTrigger({ table: 'orders' })
      anything(): void {}
    }
    await expect(start([Orders, OfTable])).rejects.toThrow(
      'OfTable.anything handles events by their table, "orders", which only the endpoint',
    );
  });

  it.each<[string, TriggerDefinition[], string]>([
    [
      'of a trigger that is not defined',
      [{ ...orderCreated, name: 'order_create' }],
      'Do you mean "order_create"?',
    ],
    [
      'of a trigger that has a webhook',
      [{ ...orderCreated, webhook: 'http://127.0.0.1:9/' }],
      'it has a webhook, so that Orders.orderCreated is never called',
    ],
    [
      'of a trigger with options of a request',
      [{ ...orderCreated, headers: [] }],
      'headers means nothing without a webhook',
    ],
  ])('with a handler %s', async (_, triggers, message) => {
    await expect(start([Orders], triggers)).rejects.toThrow(message);
  });
});
