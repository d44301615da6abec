import { Module } from '@nestjs/common';
import { defineTrigger, EventTriggersModule } from 'nestjs-event-triggers';
import { Order } from '../orders/order.entity.js';
import { FunctionsServer } from './functions-server.js';

/** What `order_created` captures, to another receiver: each has its own attempts, retries and dead letters. */
const orderCreatedForFunctions = defineTrigger({
  name: 'order_created_for_functions',
  table: Order,
  insert: true,
  webhook: '{{FUNCTIONS_URL}}/v1/functions/send-order-email',
});

@Module({
  imports: [EventTriggersModule.forFeature([orderCreatedForFunctions])],
  providers: [FunctionsServer],
})
export class FunctionsModule {}
