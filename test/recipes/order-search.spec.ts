import { Module } from '@nestjs/common';
import { EventTriggersModule } from 'nestjs-event-triggers';
import { drain } from 'nestjs-event-triggers/testing';
import { describe, expect, it } from 'vitest';
import { OrderSearch, orderSearch } from './order-search.js';
import { Order } from './order.entity.js';
import { SearchIndex } from './search-index.js';
import { useShop } from './shop.js';

@Module({
  imports: [EventTriggersModule.forFeature([orderSearch])],
  providers: [OrderSearch, SearchIndex],
})
class SearchModule {}

describe('the recipe for a search index', () => {
  const shop = useShop();

  it('leaves it as the table is, although changes fail and are tried again', async () => {
    const app = await shop.start({}, [SearchModule]);
    const index = app.get(SearchIndex);
    index.failures = 3;
    // In one transaction, so that all of it may be delivered at once.
    const id = await shop.orders.transaction(async (manager) => {
      const kept = await manager.save(Order, { email: 'ada@example.com' });
      const removed = await manager.save(Order, { email: 'alan@example.com' });
      for (let step = 1; step <= 20; step += 1)
        await manager.update(Order, { id: kept.id }, { status: `step ${step}` });
      await manager.delete(Order, { id: removed.id });
      return kept.id;
    });
    await drain(app, { passDelays: true });
    expect([...index.documents.keys()]).toEqual([id]);
    expect(index.documents.get(id)).toMatchObject({ status: 'step 20' });
  });
});
