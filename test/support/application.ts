import {
  type DynamicModule,
  type INestApplicationContext,
  type LoggerService,
  Module,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule, type TypeOrmModuleOptions } from '@nestjs/typeorm';
import { EventTriggersModule, type EventTriggersOptions } from 'nestjs-event-triggers';
import type { TestDatabase } from './test-database.js';

type ForRoot = NonNullable<Parameters<typeof EventTriggersModule.forRoot>[0]>;

export interface ApplicationOptions {
  database: TestDatabase;
  entities?: Type<unknown>[];
  eventTriggers?: ForRoot;
  imports?: (DynamicModule | Type<unknown>)[];
  typeOrm?: Partial<TypeOrmModuleOptions>;
  /** Default: errors are shown. */
  logger?: LoggerService;
}

/** Fast enough for tests, and otherwise the defaults. */
const QUICK: EventTriggersOptions = {
  application: 'test',
  retry: { strategy: 'fixed', delay: '100ms' },
};

/** An application as a user would write it, booted and listening to nothing. */
export async function startApplication({
  database,
  entities = [],
  eventTriggers = {},
  imports = [],
  typeOrm = {},
  logger,
}: ApplicationOptions): Promise<INestApplicationContext> {
  @Module({
    imports: [
      TypeOrmModule.forRoot({
        ...database.dataSourceOptions,
        entities,
        autoLoadEntities: true,
        retryAttempts: 0,
        ...typeOrm,
      } as TypeOrmModuleOptions),
      EventTriggersModule.forRoot(Object.assign({}, QUICK, eventTriggers)),
      ...imports,
    ],
  })
  class HostModule {}

  return await NestFactory.createApplicationContext(HostModule, {
    logger: logger ?? ['error', 'fatal'],
    abortOnError: false,
  });
}
