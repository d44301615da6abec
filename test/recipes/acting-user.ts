// #region recipe
import type { DataSource, EntityManager } from 'typeorm';

/** Runs `work` in a transaction whose events say who is behind it. */
export function actingAs<Result>(
  userId: string,
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<Result>,
): Promise<Result> {
  return dataSource.transaction(async (manager) => {
    const variables = JSON.stringify({ 'x-hasura-user-id': userId });
    // true: until the end of this transaction, so that the next one of the connection knows nothing of it.
    await manager.query(`select set_config('event_triggers.session_variables', $1, true)`, [
      variables,
    ]);
    return work(manager);
  });
}
// #endregion
