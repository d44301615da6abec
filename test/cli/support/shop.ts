import type { INestApplicationContext } from '@nestjs/common';
import { EventTriggersService, type EventTriggersOptions } from 'nestjs-event-triggers';
import { drain, startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { startApplication } from '../../support/application.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { buildLibrary } from '../../support/built-library.js';
import { eventTriggers, resultOf, type Outcome } from './command-line.js';

/** A database with a table of orders, an application that delivers them, and the command line. */
export interface Shop {
  readonly database: TestDatabase;
  readonly receiver: FakeReceiver;
  readonly service: EventTriggersService;
  order(...ids: number[]): Promise<void>;
  /** Waits until nothing waits any more. */
  drain(): Promise<void>;
  run(...parameters: string[]): Promise<Outcome>;
  result<Result>(...parameters: string[]): Promise<Result>;
  /** Ends the application; the database stays. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

export async function openShop(options: EventTriggersOptions = {}): Promise<Shop> {
  await buildLibrary();
  const database = await createTestDatabase();
  const receiver = await startFakeReceiver();
  await database.query('create table orders (id int primary key, email text)');
  const application: INestApplicationContext = await startApplication({
    database,
    eventTriggers: Object.assign(
      {
        triggers: [{ name: 'order_created', table: 'orders', insert: true, webhook: receiver.url }],
      },
      options,
    ),
  });
  return {
    database,
    receiver,
    service: application.get(EventTriggersService),
    order: async (...ids) => {
      await database.query(
        `insert into orders select n, 'ada@example.com' from unnest($1::int[]) n`,
        [ids],
      );
    },
    drain: () => drain(application),
    run: (...parameters) => eventTriggers(parameters, { url: database.url }),
    result: (...parameters) => resultOf(database.url, ...parameters),
    stop: () => application.close(),
    close: async () => {
      await application.close();
      await receiver.close();
      await database.drop();
    },
  };
}
