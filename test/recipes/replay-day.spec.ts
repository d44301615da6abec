import { drain } from 'nestjs-event-triggers/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { payloadIn } from '../support/payload.js';
import { orderFunction } from './order-function.js';
import { replayDay } from './replay-day.js';
import { useShop } from './shop.js';

describe('the recipe for a replay', () => {
  const shop = useShop();
  afterEach(() => vi.restoreAllMocks());

  it('sends the events of a day again, by their ids, and says so', async () => {
    const log = vi.spyOn(console, 'log').mockReturnValue();
    const receiver = await shop.receiver('NHOST_BACKEND_URL');
    const app = await shop.start({ triggers: [orderFunction] });
    await shop.order();
    await shop.order();
    await drain(app);
    const [{ day } = { day: '' }] = await shop.database.query<{ day: string }>(
      `select to_char(max(created_at) at time zone 'UTC', 'YYYY-MM-DD') as day from event_triggers.event`,
    );
    expect(await replayDay(shop.eventTriggers, 'order_function', '2026-01-01')).toBe(0);
    expect(await replayDay(shop.eventTriggers, 'order_function', day)).toBe(2);
    await drain(app);
    expect(log.mock.calls).toEqual([['0 events to replay'], ['2 events to replay']]);
    expect(new Set(receiver.requests.map((one) => payloadIn(one).id)).size).toBe(2);
    expect(
      receiver.requests.map(({ headers }) => headers['event-triggers-redelivery'] !== undefined),
    ).toEqual([false, false, true, true]);
  });
});
