import { drain } from 'nestjs-event-triggers/testing';
import { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { payloadIn } from '../support/payload.js';
import { orderStatistics } from './order-statistics.js';
import { orderFunction } from './order-function.js';
import { invokeForAll } from './invoke-for-all.js';
import { useShop } from './shop.js';

/** More than a page of it. */
const ROWS = 101;

describe('the recipes for a backfill', () => {
  const shop = useShop();

  it('starts with what another trigger of the table has captured', async () => {
    await shop.receiver('NHOST_BACKEND_URL');
    const receiver = await shop.receiver('STATISTICS_URL');
    await shop.start({ triggers: [orderFunction] });
    const { id } = await shop.order({ total: '10' });
    const app = await shop.start({ triggers: [orderFunction, orderStatistics] });
    await drain(app);
    expect(receiver.requests.map((one) => payloadIn(one).event)).toMatchObject([
      { op: 'INSERT', data: { new: { id, total: 10 } } },
    ]);
  });

  it('makes an event for each row that was there before any trigger', async () => {
    const receiver = await shop.receiver('STATISTICS_URL');
    await shop.database.query(
      `insert into orders (email) select n || '@example.com' from generate_series(1, ${ROWS}) n`,
    );
    const app = await shop.start({ triggers: [orderStatistics] });
    expect(await invokeForAll(app.get(DataSource), shop.eventTriggers)).toBe(ROWS);
    await drain(app);
    expect(receiver.requests).toHaveLength(ROWS);
    expect(payloadIn(receiver.requests[0]!).event.op).toBe('MANUAL');
  });
});
