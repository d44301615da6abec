import { type DynamicModule, type INestApplicationContext, type Type } from '@nestjs/common';
import { EventTriggersService, type EventTriggersOptions } from 'nestjs-event-triggers';
import { startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { DataSource } from 'typeorm';
import { afterEach, beforeEach, vi } from 'vitest';
import { startApplication } from '../support/application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { Order } from './order.entity.js';

/** What each recipe is tried in: an application with a table of orders, and receivers. */
export interface Shop {
  readonly database: TestDatabase;
  /** Starts an application with these options, and returns it. */
  start(
    options: EventTriggersOptions,
    imports?: (DynamicModule | Type<unknown>)[],
  ): Promise<INestApplicationContext>;
  /** Starts a receiver and puts its URL into an environment variable. */
  receiver(variable: string): Promise<FakeReceiver>;
  order(order?: Partial<Order>): Promise<Order>;
  readonly orders: DataSource['manager'];
  readonly eventTriggers: EventTriggersService;
}

/** A new one for each test of a file. */
export function useShop(): Shop {
  let database: TestDatabase;
  let applications: INestApplicationContext[];
  let receivers: FakeReceiver[];

  beforeEach(async () => {
    applications = [];
    receivers = [];
    database = await createTestDatabase();
    await database.query(
      `create table orders (id serial primary key, email text not null, status text not null default 'open',
                            total numeric not null default 0)`,
    );
    vi.stubEnv('NHOST_WEBHOOK_SECRET', 'swordfish');
  });
  afterEach(async () => {
    await Promise.all(applications.map((application) => application.close()));
    await Promise.all(receivers.map((receiver) => receiver.close()));
    vi.unstubAllEnvs();
    await database.drop();
  });

  const newest = (): INestApplicationContext => applications.at(-1)!;
  return {
    get database() {
      return database;
    },
    async start(eventTriggers, imports = []) {
      applications.push(
        await startApplication({ database, entities: [Order], eventTriggers, imports }),
      );
      return newest();
    },
    async receiver(variable) {
      const receiver = await startFakeReceiver();
      receivers.push(receiver);
      vi.stubEnv(variable, receiver.url);
      return receiver;
    },
    order: ({ email = 'ada@example.com', ...others } = {}) =>
      newest()
        .get(DataSource)
        .manager.save(Order, { email, ...others }),
    get orders() {
      return newest().get(DataSource).manager;
    },
    get eventTriggers() {
      return newest().get(EventTriggersService);
    },
  };
}
