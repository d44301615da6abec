// @ts-check
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EventTriggersModule } from 'nestjs-event-triggers';

/** @typedef {import('nestjs-event-triggers').TriggerDefinition} TriggerDefinition */

/**
 * An application as a user would write it. Everything that is not said stays at its default.
 *
 * @param {{ url: string, triggers: TriggerDefinition[], dispatcher?: false | { listen?: boolean } }} options
 */
export async function startApplication({ url, triggers, dispatcher }) {
  class BenchModule {}
  Module({
    imports: [
      TypeOrmModule.forRoot({ type: 'postgres', url, autoLoadEntities: true, retryAttempts: 0 }),
      EventTriggersModule.forRoot({ application: 'bench', triggers, dispatcher }),
    ],
  })(BenchModule);
  return await NestFactory.createApplicationContext(BenchModule, {
    logger: ['warn', 'error', 'fatal'],
    abortOnError: false,
  });
}
