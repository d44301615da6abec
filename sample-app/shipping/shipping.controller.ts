import {
  Body,
  Controller,
  HttpCode,
  HttpStatus,
  Post,
  ServiceUnavailableException,
  UnprocessableEntityException,
  UseInterceptors,
} from '@nestjs/common';
import { type EventTriggerPayload, WebhookSecretGuard } from 'nestjs-event-triggers';
import { AttemptLogInterceptor } from '../attempts/attempt-log.interceptor.js';

/** One refusal could be chance; two show the delay between attempts. */
const REFUSED_ATTEMPTS = 2;
/** Refused for good, so that a dead letter can be watched. */
const UNSHIPPABLE_PRODUCT = 'piano';

/** The column of an order that the carrier asks for. */
interface OrderRow {
  readonly product: string;
}

/** A receiver on a bad day: it refuses the first attempts at every event, so that retries can be watched. */
@Controller('v1/functions')
@UseInterceptors(AttemptLogInterceptor)
export class ShippingController {
  @Post('announce-shipment')
  @HttpCode(HttpStatus.NO_CONTENT)
  @WebhookSecretGuard()
  announceShipment(@Body() payload: EventTriggerPayload<OrderRow>): void {
    if (payload.event.data.new?.product === UNSHIPPABLE_PRODUCT) {
      throw new UnprocessableEntityException('the carrier takes no pianos');
    }
    if (payload.delivery_info.current_retry >= REFUSED_ATTEMPTS) return;
    throw new ServiceUnavailableException('the carrier does not answer');
  }
}
