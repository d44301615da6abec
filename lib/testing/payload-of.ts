import { randomUUID } from 'node:crypto';
import type { EventTriggerPayload, Operation } from '../pipeline/event.js';

/** What a test has to say of an event; the rest is filled in. */
export interface EventDescription<Row = Record<string, unknown>> {
  readonly trigger: string;
  /** Default: the operation that `old` and `new` suggest. */
  readonly op?: Operation;
  readonly new?: Row | null;
  readonly old?: Row | null;
  /** Default: `orders` in the schema public. */
  readonly table?: string | { readonly schema: string; readonly name: string };
  /** Default: a random one. */
  readonly id?: string;
  /** Default: now. */
  readonly createdAt?: Date;
  /** Attempts before this one. Default: 0. */
  readonly currentRetry?: number;
}

const MAX_RETRIES = 15;

/**
 * The payload of a webhook, as the sender makes it.
 *
 * @example
 * await controller.orderCreated(payloadOf({ trigger: 'order_created', new: { id: 1, email: 'ada@example.com' } }));
 */
export function payloadOf<Row = Record<string, unknown>>({
  trigger,
  old = null,
  new: after = null,
  op = suggestedOperation(old, after),
  table = 'orders',
  id = randomUUID(),
  createdAt = new Date(),
  currentRetry = 0,
}: EventDescription<Row>): EventTriggerPayload<Row> {
  return {
    created_at: createdAt.toISOString(),
    delivery_info: { current_retry: currentRetry, max_retries: MAX_RETRIES },
    event: {
      data: { new: after, old },
      op,
      session_variables: null,
      trace_context: null,
    } as EventTriggerPayload<Row>['event'],
    id,
    table: typeof table === 'string' ? { name: table, schema: 'public' } : table,
    trigger: { name: trigger },
  };
}

function suggestedOperation(old: unknown, after: unknown): Operation {
  if (old === null) return after === null ? 'TRUNCATE' : 'INSERT';
  return after === null ? 'DELETE' : 'UPDATE';
}
