import type { Engine } from './engine.js';
import type { TestDispatcher } from './test-dispatcher.js';

/** What a dispatcher that is killed or stands still comes to, without the wait. */
export async function expireLease(
  engine: Engine,
  { id }: Pick<TestDispatcher, 'id'>,
): Promise<void> {
  await engine.database.query(
    `update ${engine.schema}.dispatcher set lease_until = clock_timestamp() - interval '1 second' where id = $1`,
    [id],
  );
}

export async function isRegistered(engine: Engine, { id }: TestDispatcher): Promise<boolean> {
  const rows = await engine.database.query(
    `select from ${engine.schema}.dispatcher where id = $1`,
    [id],
  );
  return rows.length === 1;
}
