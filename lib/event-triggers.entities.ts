import type { DataSource } from 'typeorm';
import { SchemaError } from './event-triggers.errors.js';
import { EventTriggerEntity } from './pipeline/attach/event-trigger.entity.js';
import { OutboxEventEntity } from './pipeline/capture/outbox-event.entity.js';
import { DeliveryAttemptEntity } from './pipeline/record/delivery-attempt.entity.js';

/**
 * The entities of this package, for data sources without `autoLoadEntities`.
 *
 * They are for reading, and `synchronize` and generated migrations leave their tables alone.
 *
 * @example
 * TypeOrmModule.forRoot({ type: 'postgres', entities: [Order, ...EVENT_TRIGGERS_ENTITIES] })
 */
export const EVENT_TRIGGERS_ENTITIES = [
  EventTriggerEntity,
  OutboxEventEntity,
  DeliveryAttemptEntity,
] as const;

/**
 * Points the entities at the schema that the options name. Decorators run before options are known, so it
 * is set where TypeORM keeps what decorators said.
 */
export function placeEntities(dataSource: DataSource, schema: string): void {
  for (const entity of EVENT_TRIGGERS_ENTITIES) {
    if (!dataSource.hasMetadata(entity)) throw notRegistered(entity.name);
    const metadata = dataSource.getMetadata(entity);
    metadata.schema = schema;
    metadata.tablePath = dataSource.driver.buildTableName(metadata.tableName, schema);
  }
}

function notRegistered(entity: string): SchemaError {
  return new SchemaError(`The data source does not know ${entity}`, {
    hint: 'Set autoLoadEntities: true in TypeOrmModule.forRoot, or add ...EVENT_TRIGGERS_ENTITIES to its entities.',
  });
}
