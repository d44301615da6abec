import pg from 'pg';
import type { DataSource, EntityMetadata, EntityTarget, ObjectLiteral } from 'typeorm';

type ColumnMetadata = EntityMetadata['columns'][number];

/**
 * An entity as the repository would have loaded it, of a row as a payload carries it.
 *
 * Columns come by their names in the database and become properties, embedded ones and foreign keys included; `bigint` and
 * `numeric` become text, times a `Date`, `bytea` a `Buffer`, and transformers run. Columns that the payload leaves out stay
 * undefined, and relations are not loaded. Of single-table inheritance it is the class that the row names.
 *
 * Numbers beyond 2^53 have to come as text, as they do to handlers.
 *
 * @throws EntityMetadataNotFoundError of TypeORM for a class that is no entity of the data source
 *
 * @example
 * const order = toEntity(Order, event.data.new, this.dataSource);
 */
export function toEntity<Entity extends ObjectLiteral>(
  target: EntityTarget<Entity>,
  row: object,
  dataSource: DataSource,
): Entity {
  const values = row as Record<string, unknown>;
  const metadata = classOf(dataSource.getMetadata(target), values);
  const entity = metadata.create() as Entity;
  for (const column of metadata.columns) {
    if (!Object.hasOwn(values, column.databaseName)) continue;
    // TypeORM takes a relation that is declared as a field of the class for one that is loaded.
    if (column.isVirtual && (entity as ObjectLiteral)[column.propertyName] === undefined)
      delete (entity as ObjectLiteral)[column.propertyName];
    column.setEntityValue(entity, propertyValue(values[column.databaseName], column, dataSource));
  }
  return entity;
}

function classOf(metadata: EntityMetadata, row: Record<string, unknown>): EntityMetadata {
  const { discriminatorColumn, childEntityMetadatas } = metadata;
  if (discriminatorColumn === undefined) return metadata;
  const said = row[discriminatorColumn.databaseName];
  return childEntityMetadatas.find((child) => child.discriminatorValue === said) ?? metadata;
}

function propertyValue(value: unknown, column: ColumnMetadata, { driver }: DataSource): unknown {
  const type = driver.normalizeType(column);
  const driven =
    column.isArray && Array.isArray(value) ? deep(value, type) : driverValue(value, type);
  // Postgres has made an object of it already.
  if (type === 'hstore' && typeof driven === 'object') return driven;
  return driver.prepareHydratedValue(driven, column) as unknown;
}

const deep = (values: readonly unknown[], type: string): unknown[] =>
  values.map((value) => (Array.isArray(value) ? deep(value, type) : driverValue(value, type)));

/** The numbers of the types that `pg` makes something else of than JSON has (`pg_type.dat` of Postgres). */
const PARSED: Readonly<Record<string, number>> = {
  bigint: 20,
  bytea: 17,
  circle: 718,
  'double precision': 701,
  interval: 1186,
  numeric: 1700,
  point: 600,
  real: 700,
  'timestamp with time zone': 1184,
  'timestamp without time zone': 1114,
};

/** What `pg` would have given TypeORM, by whichever parsers the application has set. */
function driverValue(value: unknown, type: string): unknown {
  const number = PARSED[type];
  if (value === null || number === undefined) return value;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const parse = pg.types.getTypeParser(number) as (text: string) => unknown;
  // JSON has the form of ISO 8601, and results of queries have Postgres' own.
  return parse(type.startsWith('timestamp') ? text.replace('T', ' ') : text);
}
