import { Body, Controller, HttpCode, HttpStatus, Post, UseInterceptors } from '@nestjs/common';
import { type EventTriggerPayload, WebhookSecretGuard } from 'nestjs-event-triggers';
import { AttemptLogInterceptor } from '../attempts/attempt-log.interceptor.js';
import { type OrderRow, OrderEmails } from './order-emails.js';

/** Receives webhooks as a service of its own would: it knows the payload, not the table. */
@Controller('v1/functions')
@WebhookSecretGuard
@UseInterceptors(AttemptLogInterceptor)
export class EmailsController {
  constructor(private readonly orderEmails: OrderEmails) {}

  @Post('send-order-email')
  @HttpCode(HttpStatus.NO_CONTENT)
  async sendOrderEmail(@Body() payload: EventTriggerPayload<OrderRow>): Promise<void> {
    const order = payload.event.data.new;
    if (order === null) return;
    await this.orderEmails.confirm(order, payload.id);
  }
}
