// #region recipe
import type { EventTriggersService } from 'nestjs-event-triggers';

const DAY_MS = 86_400_000;

/** Sends again what `trigger` delivered of the changes of a day such as '2026-11-28', in UTC; returns how much. */
export async function replayDay(
  eventTriggers: EventTriggersService,
  trigger: string,
  day: string,
): Promise<number> {
  const from = new Date(`${day}T00:00:00Z`);
  const to = new Date(from.getTime() + DAY_MS);
  const delivered = { trigger, state: 'delivered', from, to } as const;
  console.log(`${await eventTriggers.redeliverMany(delivered, { dryRun: true })} events to replay`);
  return eventTriggers.redeliverMany(delivered, { perSecond: 50 });
}
// #endregion
