import { DataSource } from 'typeorm';
import { CannotStart } from './cannot-start.js';
import { HandledEvent } from './emails/handled-event.entity.js';
import { Order } from './orders/order.entity.js';

/** Longer than a database far away takes, shorter than the patience of who mistyped its address. */
const CONNECT_TIMEOUT = 10_000;

/**
 * Changes nothing: `synchronize` would bring a table `orders` into line with the sample's, and drop
 * columns, whosever it is.
 */
export async function assertTablesAreOurs(url: string | undefined): Promise<void> {
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    entities: [Order, HandledEvent],
    connectTimeoutMS: CONNECT_TIMEOUT,
  });
  try {
    await dataSource.initialize();
  } catch (error) {
    throw new CannotStart(`DATABASE_URL leads to no database that works: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  try {
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    const change = upQueries.find(({ query }) => !query.startsWith('CREATE TABLE'));
    if (!change) return;
    const table = dataSource.entityMetadatas.find(({ tableName }) =>
      change.query.includes(`"${tableName}"`),
    );
    throw new CannotStart(
      `The database of DATABASE_URL has a table '${table?.tableName}' that is not the sample's: its columns differ. ` +
        'Nothing was changed. Set DATABASE_URL to an empty database, or unset it to have one made.',
    );
  } finally {
    await dataSource.destroy();
  }
}

/** A name with several addresses fails once for each, in an error that says nothing itself. */
function reasonOf(error: unknown): string {
  const [first = error] = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  return first instanceof Error ? first.message : String(first);
}
