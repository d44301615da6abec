// @ts-check
/** An application as a user would write it, in a process that can be killed. */
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EventTriggersModule } from 'nestjs-event-triggers';

const { url, webhook } = JSON.parse(process.argv[2] ?? '{}');

/** Much shorter than the defaults, so that minutes show what else takes days. */
const LEASE_SECONDS = 4;
/** @satisfies {Partial<import('nestjs-event-triggers').TriggerDefinition>} */
const every = /** @type {const} */ ({
  insert: true,
  update: true,
  delete: true,
  table: 'account',
  webhook,
});

class ChaosModule {}
Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'postgres',
      url,
      retryAttempts: 100,
      retryDelay: 300,
      autoLoadEntities: true,
    }),
    EventTriggersModule.forRoot({
      application: 'chaos',
      triggers: [
        { ...every, name: 'any' },
        { ...every, name: 'ordered', ordering: 'row' },
      ],
      retry: { attempts: 1_000, strategy: 'fixed', delay: '200ms' },
      timeout: '2s',
      breaker: { pause: '200ms', maxPause: '1s' },
      dispatcher: { leaseSeconds: LEASE_SECONDS, drainSeconds: 3 },
    }),
  ],
})(ChaosModule);

const application = await NestFactory.createApplicationContext(ChaosModule, {
  logger: ['error', 'fatal'],
  abortOnError: false,
});
process.send?.('started');
process.on('message', () => {
  void application.close().then(() => process.exit(0));
});
process.on('disconnect', () => process.exit(1));
