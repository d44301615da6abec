// #region recipe
import { Injectable, Module } from '@nestjs/common';
import {
  defineTrigger,
  EventTriggersModule,
  OnEventTrigger,
  type EventTriggerPayload,
} from 'nestjs-event-triggers';
import { Mailer } from './mailer.js';
import { Order } from './order.entity.js';

const orderEmail = defineTrigger({
  name: 'order_email',
  table: Order,
  insert: { payload: ['id', 'email'] },
});

@Injectable()
class OrderEmails {
  constructor(private readonly mailer: Mailer) {}

  @OnEventTrigger('order_email', { transactional: true })
  async send({ id, event }: EventTriggerPayload<{ id: number; email: string }>): Promise<void> {
    if (event.op !== 'INSERT') return;
    const { id: order, email } = event.data.new;
    await this.mailer.send({ to: email, subject: `Your order ${order}`, messageId: id });
  }
}

@Module({
  imports: [EventTriggersModule.forFeature([orderEmail])],
  providers: [OrderEmails, Mailer],
})
export class OrderEmailsModule {}
// #endregion
