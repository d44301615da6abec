import 'reflect-metadata';
import type { DataSource } from 'typeorm';
import type { EntityClass, TriggerDefinition } from './trigger-definition.js';

/** A definition whose table is the entity that it stands on. */
export type EntityTriggerDefinition<Row = unknown> = Omit<TriggerDefinition<Row>, 'table'>;

const DEFINITIONS = Symbol('event-triggers:definitions');

/**
 * Defines a trigger beside the columns it watches. May stand several times on one entity class.
 *
 * The class's own data source attaches it at boot. A class that extends the entity does not inherit it.
 *
 * @typeParam Row the entity, for columns that the compiler checks.
 *
 * @example
 * @Entity()
 * @EventTrigger<Order>({ name: 'order-paid', update: { columns: ['paidAt'] }, webhook: '{{NHOST_BACKEND_URL}}/v1/functions/order-paid' })
 * export class Order {}
 */
export function EventTrigger<Row = unknown>(
  definition: EntityTriggerDefinition<Row>,
): (target: EntityClass<Row>) => void {
  return (target) => {
    // Decorators run from the last to the first; in front keeps the order of the source.
    Reflect.defineMetadata(DEFINITIONS, [definition, ...ownDefinitions(target)], target);
  };
}

/** The definitions that stand on the entities of `dataSource`. */
export function definitionsOnEntities(dataSource: DataSource): TriggerDefinition[] {
  const targets = dataSource.entityMetadatas.map(({ target }) => target);
  return targets.flatMap((target) =>
    typeof target === 'function'
      ? ownDefinitions(target).map((definition) => ({
          ...definition,
          table: target as EntityClass,
        }))
      : [],
  );
}

function ownDefinitions(target: object): EntityTriggerDefinition[] {
  return (Reflect.getOwnMetadata(DEFINITIONS, target) ?? []) as EntityTriggerDefinition[];
}
