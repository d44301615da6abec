import type { DataSource, EntityMetadata } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { InvalidTriggerError } from '../../event-triggers.errors.js';
import { nearestName } from '../../nearest-name.js';
import { quoteLiteral } from '../../schema/identifier.js';
import type { TriggerDefinition } from './trigger-definition.js';

/** A table by its name in the database, and the way its columns are spoken of. */
export interface ResolvedTable {
  readonly schema: string;
  readonly name: string;
  /** The columns' names in the database; throws an `InvalidTriggerError` for one that does not exist. */
  columns(names: readonly string[]): string[];
}

const DEFAULT_SCHEMA = 'public';

/** Finds the table that the trigger called `trigger` watches. */
export function resolveTable(
  trigger: string,
  table: TriggerDefinition['table'],
  dataSource: DataSource,
): ResolvedTable {
  if (typeof table === 'string') return literalTable(DEFAULT_SCHEMA, table);
  if (typeof table === 'object') return literalTable(table.schema ?? DEFAULT_SCHEMA, table.name);
  if (!dataSource.hasMetadata(table)) {
    throw new InvalidTriggerError(trigger, `${table.name} is not an entity of the data source`, {
      hint: `Add ${table.name} to its entities, or give the table by its name.`,
    });
  }
  const metadata = dataSource.getMetadata(table);
  refuseUnusable(trigger, metadata);
  return {
    schema: metadata.schema ?? (dataSource.driver as PostgresDriver).schema ?? DEFAULT_SCHEMA,
    name: metadata.tableName,
    columns: (names) => unique(names.flatMap((name) => columnsOf(trigger, metadata, name))),
  };
}

/** Of a table without an entity only the database knows the columns; it is asked when the trigger is attached. */
function literalTable(schema: string, name: string): ResolvedTable {
  return { schema, name, columns: unique };
}

function refuseUnusable(trigger: string, metadata: EntityMetadata): void {
  const { name, tableName, tableType } = metadata;
  if (tableType === 'view') {
    throw new InvalidTriggerError(trigger, `${name} is a view, whose rows are written elsewhere`, {
      hint: 'Watch the tables that the view reads.',
    });
  }
  if (tableType !== 'entity-child') return;
  const root = metadata.parentEntityMetadata;
  const kind = root.discriminatorColumn?.databaseName ?? 'type';
  const condition = `new."${kind}" = ${quoteLiteral(String(metadata.discriminatorValue))}`;
  throw new InvalidTriggerError(
    trigger,
    `${name} shares the table "${tableName}" with the other kinds of ${root.name}, which would fire it too`,
    { hint: `Watch ${root.name} and give the condition when: ${JSON.stringify(condition)}.` },
  );
}

/** An embedded entity and a relation stand for all of their columns. */
function columnsOf(trigger: string, metadata: EntityMetadata, name: string): string[] {
  const exact = metadata.findColumnsWithPropertyPath(name);
  const embedded = metadata.columns.filter(({ propertyPath }) =>
    propertyPath.startsWith(`${name}.`),
  );
  const byDatabaseName = metadata.columns.filter(({ databaseName }) => databaseName === name);
  const found = [exact, embedded, byDatabaseName].find(({ length }) => length > 0);
  if (found === undefined) throw unknownColumn(trigger, metadata, name);
  return found.map(({ databaseName }) => databaseName);
}

function unknownColumn(
  trigger: string,
  metadata: EntityMetadata,
  name: string,
): InvalidTriggerError {
  const known = unique(
    metadata.columns.map(({ propertyPath, relationMetadata }) =>
      // A foreign key without a property of its own is spoken of by its relation.
      relationMetadata === undefined ? propertyPath : relationMetadata.propertyPath,
    ),
  );
  const nearest = nearestName(name, known);
  const meant = nearest === undefined ? '' : `, did you mean "${nearest}"?`;
  return new InvalidTriggerError(
    trigger,
    `${metadata.name} (table "${metadata.tableName}") has no column "${name}"${meant}`,
    { hint: `Its columns are ${known.join(', ')}.` },
  );
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}
