import {
  Controller,
  HttpException,
  HttpStatus,
  Inject,
  Logger,
  NotFoundException,
  Post,
  Req,
  Res,
  type Type,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { EventRejectedError } from '../event-triggers.errors.js';
import { rawOf, type HostResponse } from '../host-response.js';
import { REDELIVERY_HEADER } from '../pipeline/deliver/event-headers.js';
import type { HandlerDelivery } from '../pipeline/deliver/handler-destination.js';
import { OUTCOME_HEADER } from '../pipeline/deliver/outcome.js';
import type { EventTriggerPayload } from '../pipeline/event.js';
import type { RequestWithBody } from '../webhook/raw-body.js';
import { WebhookSecretGuard } from '../webhook/webhook-secret.guard.js';
import type { WebhookSecretGuardOptions } from '../webhook/webhook-secret.options.js';
import { HandlerRoutes } from './handler-routes.js';
import { receivedEvents } from './received-events.js';

/** As the layer of Nest that sees what a controller throws; of a bundle it sees nothing. */
const exceptions = new Logger('ExceptionsHandler');

/** A controller of its own for each path, under the application's prefix and outside of its versions. */
export function receiverController(path: string, guard: WebhookSecretGuardOptions): Type {
  @Controller({ path, version: VERSION_NEUTRAL })
  @WebhookSecretGuard(guard)
  class EventTriggersReceiverController {
    constructor(
      @Inject(HandlerRoutes) private readonly routes: HandlerRoutes,
      @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
    ) {}

    /** Answers by itself: an interceptor that wraps answers would hide from the sender which events have failed. */
    @Post()
    async receive(@Req() request: RequestWithBody, @Res() response: HostResponse): Promise<void> {
      const { payloads, isBundle } = receivedEvents(request);
      const { signal } = abortedWith(response);
      const redelivered = request.headers[REDELIVERY_HEADER] === 'true';
      if (isBundle) {
        const statuses = await this.statusesOf(payloads, { redelivered, signal });
        this.reply(response, HttpStatus.MULTI_STATUS, { statuses });
        return;
      }
      try {
        await this.handle(payloads[0]!, { redelivered, signal });
      } catch (error) {
        if (!(error instanceof EventRejectedError)) throw error;
        this.adapterHost.httpAdapter.setHeader(response, OUTCOME_HEADER, 'rejected');
        throw new HttpException(error.message, HttpStatus.UNPROCESSABLE_ENTITY, { cause: error });
      }
      this.reply(response, HttpStatus.NO_CONTENT);
    }

    /** Those that have failed. One after the other: they may be changes of one row. */
    private async statusesOf(
      payloads: readonly EventTriggerPayload[],
      terms: Pick<HandlerDelivery, 'redelivered' | 'signal'>,
    ): Promise<Record<string, number | 'rejected'>> {
      const statuses: Record<string, number | 'rejected'> = {};
      for (const payload of payloads) {
        // Nobody hears of the others any more: they come again.
        if (terms.signal.aborted) break;
        try {
          await this.handle(payload, terms);
        } catch (error) {
          statuses[payload.id] = statusOf(error);
        }
      }
      return statuses;
    }

    private async handle(
      payload: EventTriggerPayload,
      terms: Pick<HandlerDelivery, 'redelivered' | 'signal'>,
    ): Promise<void> {
      const handler = this.routes.of(payload);
      if (handler === undefined) {
        const { trigger, table, event } = payload;
        throw new NotFoundException(
          `No method has @OnEventTrigger for "${trigger.name}", nor for ${event.op} of ${table.schema}.${table.name}`,
        );
      }
      const attempt = (payload.delivery_info?.current_retry ?? 0) + 1;
      await handler.handle(payload, { attempt, ...terms });
    }

    private reply(response: HostResponse, status: HttpStatus, body?: object): void {
      this.adapterHost.httpAdapter.reply(response, body, status);
    }
  }
  return EventTriggersReceiverController;
}

/** Aborted when the sender goes away before it is answered. */
function abortedWith(response: HostResponse): AbortController {
  const raw = rawOf(response);
  const controller = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) controller.abort();
  });
  return controller;
}

function statusOf(error: unknown): number | 'rejected' {
  if (error instanceof EventRejectedError) return 'rejected';
  if (error instanceof HttpException) return error.getStatus();
  // Around a method of the application Nest logs errors, but nothing else that is thrown.
  if (!(error instanceof Error)) exceptions.error(error);
  return HttpStatus.INTERNAL_SERVER_ERROR;
}
