// @ts-check
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EventTriggersModule, OnEventTrigger } from 'nestjs-event-triggers';
import { EventTriggersMetricsModule } from 'nestjs-event-triggers/metrics';

/** @typedef {import('nestjs-event-triggers').TriggerDefinition} TriggerDefinition */
/** @typedef {Pick<import('nestjs-event-triggers').EventTriggersOptions, 'webhookSecret' | 'signingKeys'>} Settings */

/**
 * An application as a user would write it. Everything that is not said stays at its default.
 *
 * @param {{ url: string, triggers: TriggerDefinition[], dispatcher?: false | { listen?: boolean }, settings?: Settings, isHandled?: boolean, isMeasured?: boolean }} options
 */
export async function startApplication({
  url,
  triggers,
  dispatcher,
  settings,
  isHandled = false,
  isMeasured = false,
}) {
  class BenchModule {}
  Module({
    imports: [
      TypeOrmModule.forRoot({ type: 'postgres', url, autoLoadEntities: true, retryAttempts: 0 }),
      EventTriggersModule.forRoot({ application: 'bench', triggers, dispatcher, ...settings }),
      ...(isMeasured ? [EventTriggersMetricsModule.forRoot()] : []),
    ],
    providers: isHandled ? [handlerOf(triggers)] : [],
  })(BenchModule);
  return await NestFactory.createApplicationContext(BenchModule, {
    logger: ['warn', 'error', 'fatal'],
    abortOnError: false,
  });
}

/**
 * A method for each trigger that does nothing.
 *
 * @param {TriggerDefinition[]} triggers
 */
function handlerOf(triggers) {
  class Orders {
    async handle() {}
  }
  const method = /** @type {PropertyDescriptor} */ (
    Object.getOwnPropertyDescriptor(Orders.prototype, 'handle')
  );
  for (const { name } of triggers) OnEventTrigger(name)(Orders.prototype, 'handle', method);
  return Orders;
}
