import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  Logger,
  type NestInterceptor,
} from '@nestjs/common';
import type { EventTriggerPayload } from 'nestjs-event-triggers';
import { type Observable, tap } from 'rxjs';

type OrderPayload = EventTriggerPayload<{ readonly id: number }>;

/** Prints one line per webhook that arrives: which order and event, which attempt, how long after the change. */
@Injectable()
export class AttemptLogInterceptor implements NestInterceptor {
  private readonly logger = new Logger('Webhook');

  intercept(context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    const request = context.switchToHttp().getRequest<{ body: OrderPayload }>();
    const attempt = describeAttempt(request.body, Date.now());
    return next.handle().pipe(
      tap({
        complete: () => this.logger.log(`${attempt}: accepted`),
        error: (error: Error) => this.logger.warn(`${attempt}: refused, ${error.message}`),
      }),
    );
  }
}

function describeAttempt(payload: OrderPayload, arrivedAt: number): string {
  const sinceChange = arrivedAt - Date.parse(payload.created_at);
  const attempt = payload.delivery_info.current_retry + 1;
  const order = payload.event.data.new?.id;
  return `${payload.trigger.name} for order ${order}, event ${payload.id}, attempt ${attempt}, ${sinceChange} ms after the change`;
}
