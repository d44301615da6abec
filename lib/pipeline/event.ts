declare const brand: unique symbol;
type Branded<Base, Name extends string> = Base & { readonly [brand]: Name };

/** The number a trigger has in the database. */
export type TriggerId = Branded<number, 'TriggerId'>;

/**
 * The place of an event in the log, as the decimal text that Postgres prints.
 *
 * It is not the id that receivers see: a crash of Postgres can issue a number again, the id never repeats.
 */
export type EventNumber = Branded<string, 'EventNumber'>;

/** What happened to the row. `MANUAL` is an event that the application invoked itself. */
export type Operation = (typeof OPERATIONS)[number];

export const OPERATIONS = ['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'MANUAL'] as const;

/** The columns that every stored copy of an event has: the log, the retries, the dead letters. */
export interface CapturedEvent {
  readonly triggerId: TriggerId;
  readonly number: EventNumber;
  readonly operation: Operation;
  /** The row's primary key, or the declared one, as text; null where there is none and for TRUNCATE. */
  readonly key: string | null;
  /** The key that the row had before, of an ordered trigger and where the change gave it another one. */
  readonly keyBefore: string | null;
  /** The row before the change, as the JSON text that Postgres printed when it was captured. */
  readonly old: string | null;
  /** The row after the change, likewise. */
  readonly new: string | null;
  /** Session variables as the writer set them: text of any form, parsed only when delivered. */
  readonly session: string | null;
  /** The writer's `traceparent`, likewise unparsed. */
  readonly trace: string | null;
  /** As Postgres prints a timestamptz in UTC: `2026-11-24 04:11:40.123456+00`. */
  readonly createdAt: string;
}

/** An event in the hands of a dispatcher. */
export interface ClaimedEvent extends CapturedEvent {
  /** Attempts that were made before this one; 0 for a fresh event. */
  readonly attemptsBefore: number;
  /** Whether it may not be attempted, because an earlier event of its key waits as a retry. */
  readonly parked: boolean;
  /** Whether it is sent again because somebody asked for it. */
  readonly redelivered: boolean;
}

/** The keys whose order an event of an ordered trigger keeps: two where the change gave the row another key. */
export const keysOf = ({ key, keyBefore }: CapturedEvent): string[] =>
  [keyBefore, key].filter((value) => value !== null);

/**
 * The body of a webhook, in Hasura's wire format, so that receivers written for Hasura go on working.
 *
 * @typeParam Row the columns as JSON carries them: `timestamptz` is a string, `bigint` a number of any size.
 *
 * @example
 * @Post('order-created')
 * @WebhookSecretGuard()
 * async orderCreated(@Body() payload: EventTriggerPayload<{ id: number; total: string }>) {
 *   await this.mailer.send(payload.event.data.new);
 * }
 */
export interface EventTriggerPayload<Row = Record<string, unknown>> {
  /** When the row changed, by the database's clock: ISO 8601 in UTC, up to microseconds, ending in `Z`. */
  created_at: string;
  delivery_info: {
    /** Attempts made before this one: 0 on the first. */
    current_retry: number;
    /** Attempts that may follow the first one. */
    max_retries: number;
  };
  event: EventData<Row>;
  /** The same for every attempt at this event: the key to recognise a repeated delivery by. */
  id: string;
  table: { name: string; schema: string };
  trigger: { name: string };
}

/** What happened, by operation: an insert has no old row, a delete no new one. */
export type EventData<Row> = {
  session_variables: Record<string, unknown> | null;
  trace_context: { trace_id: string; span_id: string; sampling_state?: string } | null;
} & (
  | { op: 'INSERT'; data: { old: null; new: Row } }
  | { op: 'UPDATE'; data: { old: Row; new: Row } }
  | { op: 'DELETE'; data: { old: Row; new: null } }
  | { op: 'TRUNCATE'; data: { old: null; new: null } }
  | { op: 'MANUAL'; data: { old: null; new: Row } }
);
