import type { Duration } from '../../duration.js';
import type { BreakerOptions } from '../../breaker.options.js';
import type { RetryOptions } from '../../retry.options.js';
import type { StatusOutcome, StoredFormat } from './stored-trigger.js';
import type { Transform } from './transform.js';
import type { SigningKeys } from '../../signing-key.js';

/** An entity class, abstract ones included. */
export type EntityClass<Row = unknown> = abstract new (...args: never[]) => Row;

type Method = (...args: never[]) => unknown;
/** What is a value of its own and not a group of columns. */
type Scalar = string | number | bigint | boolean | symbol | Date | Uint8Array | Method;
/** Embedded entities deeper than this are named by hand in a definition of the table by its name. */
type Deeper = { 2: 1; 1: 0; 0: never };

type ColumnOf<Row, Depth extends keyof Deeper> = {
  [Property in keyof Row & string]: NonNullable<Row[Property]> extends Method
    ? never
    : NonNullable<Row[Property]> extends Scalar | readonly unknown[]
      ? Property
      : NonNullable<Row[Property]> extends object
        ? Depth extends 1 | 2
          ? Property | `${Property}.${ColumnOf<NonNullable<Row[Property]>, Deeper[Depth]>}`
          : Property
        : Property;
}[keyof Row & string];

/**
 * A column of a table: the property of its entity (`'address.street'` for an embedded one, the property of
 * the relation for a foreign key), or its name in the database where the table is given by name.
 */
export type Column<Row = unknown> = unknown extends Row ? string : ColumnOf<Row, 2>;

/** What to capture of inserts or of deletes. */
export interface OperationDefinition<Name extends string = string> {
  /** The columns that the payload has. Default: all. */
  payload?: Name[];
  /**
   * An SQL condition on the row, with `new` for inserts, `old` for deletes and both for updates:
   * `new.total > 100`. Names that are not built into Postgres need their schema: `public.is_large(new.total)`.
   *
   * It is the one thing here that can make a write of the application fail: it runs in the writer's
   * transaction, so a division by zero or a failing cast in it is the writer's error. Bootstrap tries it on
   * up to 100 rows and warns. Postgres then refuses to drop or retype a column that it names: call
   * `event_triggers.detach('orders')` before and `event_triggers.attach('orders')` after, in one transaction.
   */
  when?: string;
}

/** What to capture of updates. */
export interface UpdateDefinition<Name extends string = string> extends OperationDefinition<Name> {
  /** Only a change of one of these counts. Default: a change of any column, `1.0` to `1.00` included. */
  columns?: Name[];
  /** Whether an update that changed nothing of it counts too. Default: false. */
  unchanged?: boolean;
}

/** A header to send with each delivery. `{{ENV_VAR}}` in a value is replaced when it is sent. */
export type HeaderDefinition =
  { name: string; value: string } | { name: string; valueFromEnv: string };

/** How events are written down for a receiver. */
export type WebhookFormat = 'hasura' | StoredFormat;

/** So many events in one request, the first of which waits so long for the others. */
export interface BundleDefinition {
  size: number;
  within?: Duration;
}

/** So many requests a second, and so many at once after a pause. */
export interface RateLimitDefinition {
  perSecond: number;
  burst?: number;
}

/**
 * Which changes of which table go where.
 *
 * @typeParam Row the entity; it follows from `table` where that is a class.
 * @typeParam Name the columns it has; they follow from `Row`.
 *
 * @example
 * const orderPaid: TriggerDefinition<Order> = {
 *   name: 'order-paid',
 *   table: Order,
 *   update: { columns: ['status'], when: `new.status = 'paid'` },
 *   webhook: '{{NHOST_BACKEND_URL}}/v1/functions/order-paid',
 * };
 */
export interface TriggerDefinition<Row = unknown, Name extends string = Column<Row>> {
  /** Letters, digits, `_` and `-`, first a letter, at most 63. No two triggers of a database share one. */
  name: string;
  /** Names that the trigger had before: of the first that exists it takes over the stream and what waits in it. Default: none. */
  formerly?: string[];
  /** An entity, a table of the schema public by its literal name, or schema and name. */
  table: EntityClass<Row> | string | { schema?: string; name: string };
  /** Captures inserted rows, whether by INSERT, COPY, MERGE or an upsert. */
  insert?: true | OperationDefinition<Name>;
  /** Captures updates. On a partitioned table one that moves a row to another partition is a delete and an insert. */
  update?: true | UpdateDefinition<Name>;
  /** Captures deleted rows, those of a cascade included. */
  delete?: true | OperationDefinition<Name>;
  /** Captures TRUNCATE, as an event without a row. */
  truncate?: true;
  /** Whether the application may invoke the trigger itself. Default: false. */
  manual?: boolean;
  /**
   * The URL to call, with `{{ENV_VAR}}` templates. Default: none, and `@OnEventTrigger` names the method of this
   * application that handles the events. Replicas without such a method leave them to those with one.
   */
  webhook?: string;
  /** Headers to send beside the secret and those of this package. Default: none. */
  headers?: HeaderDefinition[];
  /** Whether the module's webhook secret is sent along. Default: true. */
  sendSecret?: boolean;
  /**
   * Keys of its own to sign with, each a template such as `'{{ORDERS_SIGNING_KEY}}'`: what stands here is stored. False
   * sends its webhooks unsigned. Default: the module's.
   */
  signingKeys?: false | SigningKeys;
  /**
   * What the body is. `'hasura'`: an `EventTriggerPayload`. `'row'`: the row as it is now, or as it was where it is
   * deleted, with operation, table and time in the headers `event-triggers-operation`, `-table` and `-created-at`.
   * `'cloudevents'`: CloudEvents 1.0 in binary mode, attributes in `ce-` headers and `{ new, old, session_variables }`
   * as the body; `'cloudevents-structured'`: all of it in one `application/cloudevents+json`. The type is the trigger's
   * name, the subject the row's key, and `operation` an extension.
   *
   * Default: `'hasura'`.
   */
  format?: WebhookFormat;
  /**
   * A last word on each request: another URL, other headers, another body, or none at all. It runs in the replica that
   * delivers, within `timeout`, and again for each attempt. When it throws, that is an attempt like one whose receiver
   * failed. Default: none.
   *
   * @example
   * transform: ({ event }: EventTriggerPayload<{ id: number }>) =>
   *   event.op === 'INSERT' ? { body: { text: `Order ${event.data.new.id}` } } : 'skip'
   */
  transform?: Transform;
  /**
   * Sends up to so many events, at most 1000, in one request, whose body is a JSON array: a number, or with how long the
   * first one waits for others, up to a minute. An answer holds for all of them, unless it is a success whose body says
   * `{ "statuses": { "<id>": 500 } }`: those then come to what their own status means. Events that have failed go out in
   * smaller and smaller requests, so that one that cannot be handled does not hold up the others for ever.
   *
   * Limits count requests. Not with `transform`, nor with the format `'row'`, whose events have no id in the body; both
   * formats of CloudEvents become `application/cloudevents-batch+json`. Default: a request for each event; `within` 0, so
   * that an event waits for no other one.
   */
  bundle?: number | BundleDefinition;
  /**
   * Bytes of the largest body that is sent: an event that comes to more is a dead letter at once.
   *
   * Default: 64 MiB, as much as waits in a replica at all. `payload` keeps large columns out.
   */
  maxBodyBytes?: number;
  /**
   * `'row'`: events of one row are delivered one at a time, in the order of the row's changes, over retries
   * and replicas. One that fails holds up the later ones of its row, and no others. An event without a row
   * (TRUNCATE, `MANUAL`) keeps no order. Refused where another trigger of the table could turn changes round.
   *
   * Default: `'none'`, as many at a time as `concurrency` says.
   */
  ordering?: 'none' | 'row';
  /**
   * What counts as one row for `ordering`. Columns that several rows share give the order of the log, which is
   * that of the changes where the application writes such rows one after the other.
   *
   * Default: the primary key.
   */
  orderingKey?: Name[];
  /**
   * What becomes of later events of a row when one is given up: `'dead-letter'` goes on with them, `'hold-key'`
   * keeps them until that one is delivered again or cancelled. Default: `'dead-letter'`.
   */
  whenExhausted?: 'dead-letter' | 'hold-key';
  /** AFTER triggers of the table that change no row but the one they fire for, and so disturb no order. Default: none. */
  harmlessTriggers?: string[];
  /**
   * Attempts under way at the same time in one replica, within the dispatcher's `concurrency`. From 1 to 4096.
   *
   * Default: 16, a quarter of the dispatcher's, so that a webhook that hangs leaves the others their slots.
   */
  concurrency?: number;
  /**
   * Requests a second in one replica: a number, or with what may go out at once after a pause. Fractions count:
   * 0.2 is one in five seconds. Default: no limit; `burst` is as much as a second brings, at least 1.
   */
  rateLimit?: number | RateLimitDefinition;
  /** When to leave a failing destination alone for a while; false never does. Default: the module's. */
  breaker?: false | BreakerOptions;
  /**
   * Whether `concurrency` and `rateLimit` hold over all replicas together: one of them at a time delivers the
   * trigger, as with `ordering: 'row'`. Default: false, they hold in each replica.
   */
  exact?: boolean;
  /**
   * What answers mean, by status (`'409'`) or class (`'4xx'`): `'delivered'`; `'retry'`, another attempt later;
   * `'rejected'`, a dead letter at once; `'gone'`, the delivery is paused and the event kept. A status of its own comes
   * before its class.
   *
   * Default: 2xx is delivered, 410 gone, 413 rejected, and everything else is tried again. 429, and 503
   * with `Retry-After`, also slow the trigger down: fewer attempts at a time, and none before that is over, up to an hour.
   *
   * @example
   * statuses: { '409': 'delivered', '4xx': 'rejected' } // it has it already; and a bad request stays one
   */
  statuses?: Record<string, StatusOutcome>;
  /** What differs from the module's retry policy. */
  retry?: RetryOptions;
  /** The total time for one attempt. Default: the module's, which is 60 s. */
  timeout?: Duration;
  /** Also captures what logical replication writes on a subscriber. Default: false. */
  replication?: boolean;
  /**
   * Where a new trigger starts: at a time, or so long ago. It gets what the log still holds of the changes that another
   * trigger of the table has captured since by the same operations, `columns`, `when` and `orderingKey`, as events of
   * its own with their time; `payload` may differ. Boot tells how many, and takes so long; writers wait only for what
   * was written meanwhile. Without such a trigger it starts when it is attached, with a warning.
   *
   * It means nothing for a trigger that is there already, and for one that comes back after it was removed. Default:
   * it starts when it is attached.
   */
  startFrom?: Duration | Date;
  /** False captures no row change; what was captured before is still delivered. Default: true. */
  enabled?: boolean;
  /**
   * What becomes of events that wait when no release defines the trigger any more: `'keep'` delivers none of them until
   * it is defined again, under its name or with `formerly`; `'drain'` delivers them; `'purge'` gives them up.
   *
   * Default: `'keep'`, so that a definition that was left out by mistake costs nothing. They stay in the log whatever
   * `retention` says; `EventTriggersService.purge` gives them up later.
   */
  whenRemoved?: WhenRemoved;
}

/** What becomes of the events that wait when a trigger is removed. */
export type WhenRemoved = 'keep' | 'drain' | 'purge';

/**
 * Returns the definition, checked against its entity by the compiler.
 *
 * @example
 * export const orderCreated = defineTrigger({
 *   name: 'order-created',
 *   table: Order,
 *   insert: true,
 *   webhook: '{{NHOST_BACKEND_URL}}/v1/functions/order-created',
 * });
 */
export function defineTrigger<Row>(definition: TriggerDefinition<Row>): TriggerDefinition<Row> {
  return definition;
}
