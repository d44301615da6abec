// #region recipe
import { Injectable, Module } from '@nestjs/common';
import {
  EventTriggersReceiverModule,
  OnEventTrigger,
  type EventTriggerPayload,
} from 'nestjs-event-triggers';

@Injectable()
export class OrderEvents {
  readonly welcomed: string[] = [];

  @OnEventTrigger('order_created')
  created({ event }: EventTriggerPayload<{ email: string }>): void {
    if (event.op === 'INSERT') this.welcomed.push(event.data.new.email);
  }
}

@Module({
  imports: [EventTriggersReceiverModule.forRoot({ path: 'hasura/events', header: 'x-secret' })],
  providers: [OrderEvents],
})
export class OrderEventsModule {}
// #endregion
