// #region recipe
import { Body, Controller, Post } from '@nestjs/common';
import { type EventTriggerPayload, WebhookSecretGuard } from 'nestjs-event-triggers';

@Controller('orders') // the application is made with { rawBody: true }
@WebhookSecretGuard({ accept: 'signature', signingKeys: '{{PARTNER_SIGNING_KEY}}' })
export class PartnerController {
  readonly orders = new Map<string, unknown>();

  @Post()
  received(@Body() { id, event }: EventTriggerPayload): void {
    this.orders.set(id, event.data.new); // the same id again is the same event
  }
}
// #endregion
