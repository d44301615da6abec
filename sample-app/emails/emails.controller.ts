import {
  Body,
  Controller,
  HttpCode,
  HttpStatus,
  Post,
  ServiceUnavailableException,
  UseInterceptors,
} from '@nestjs/common';
import { type EventTriggerPayload, WebhookSecretGuard } from 'nestjs-event-triggers';
import { AttemptLogInterceptor } from '../attempts/attempt-log.interceptor.js';
import { MailServerIsDown } from './mailer.js';
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
    try {
      await this.orderEmails.confirm(order, payload.id);
    } catch (error) {
      if (!(error instanceof MailServerIsDown)) throw error;
      // An outage, not a mistake: any error would lead to another attempt, but this one leaves no stack in the log.
      throw new ServiceUnavailableException(error.message, { cause: error });
    }
  }
}
