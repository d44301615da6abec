// #region recipe
import type { EventTriggersService } from 'nestjs-event-triggers';
import type { DataSource } from 'typeorm';

const PAGE = 100;

/** One event of operation MANUAL for each row that the table has now; returns how many. */
export async function invokeForAll(
  dataSource: DataSource,
  eventTriggers: EventTriggersService,
): Promise<number> {
  let count = 0;
  for (let after = 0; ;) {
    const page = await dataSource.transaction(async (manager) => {
      const rows = await manager.query<{ id: number }[]>(
        'select id, total from orders where id > $1 order by id limit $2',
        [after, PAGE],
      );
      for (const row of rows) await eventTriggers.invoke('order_statistics', row, { manager });
      return rows;
    });
    const last = page.at(-1);
    if (last === undefined) return count;
    count += page.length;
    after = last.id;
  }
}
// #endregion
