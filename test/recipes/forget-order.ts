// #region recipe
import { EventTriggersError, type EventTriggersService } from 'nestjs-event-triggers';
import type { DataSource } from 'typeorm';
import { Order } from './order.entity.js';

/** Deletes an order, tells receivers so, and then forgets it. False: something still waits, ask again later. */
export async function forgetOrder(
  id: number,
  dataSource: DataSource,
  eventTriggers: EventTriggersService,
): Promise<boolean> {
  await dataSource.manager.delete(Order, { id });
  try {
    await eventTriggers.erase(String(id));
    return true;
  } catch (error) {
    const { code } = error as EventTriggersError;
    if (code === 'ET_EVENT_OWED' || code === 'ET_EVENT_IN_FLIGHT') return false;
    throw error;
  }
}
// #endregion
