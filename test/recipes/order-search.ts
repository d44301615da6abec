// #region recipe
import { Injectable } from '@nestjs/common';
import { defineTrigger, OnEventTrigger, type EventTriggerPayload } from 'nestjs-event-triggers';
import { Order } from './order.entity.js';
import { SearchIndex } from './search-index.js';

export const orderSearch = defineTrigger({
  name: 'order_search',
  table: Order,
  insert: true,
  update: { columns: ['email', 'status'] },
  delete: true,
  ordering: 'row',
});

@Injectable()
export class OrderSearch {
  constructor(private readonly index: SearchIndex) {}

  @OnEventTrigger('order_search')
  async follow({ event }: EventTriggerPayload<{ id: number; status: string }>): Promise<void> {
    if (event.op === 'DELETE') await this.index.remove(event.data.old.id);
    else if (event.data.new !== null) await this.index.put(event.data.new.id, event.data.new);
  }
}
// #endregion
