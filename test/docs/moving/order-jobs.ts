// #region recipe
import { Injectable } from '@nestjs/common';
import { defineTrigger, OnEventTrigger, type EventTriggerPayload } from 'nestjs-event-triggers';
import { JobQueue } from './job-queue.js';

export const orderJob = defineTrigger({
  name: 'order_job',
  table: 'orders',
  insert: { payload: ['id'] },
});

@Injectable()
export class OrderJobs {
  constructor(private readonly queue: JobQueue) {}

  @OnEventTrigger('order_job')
  async add({ id, event }: EventTriggerPayload<{ id: number }>): Promise<void> {
    if (event.op === 'INSERT') await this.queue.add('order', event.data.new, { jobId: id });
  }
}
// #endregion
