import type { EventDetails, EventSummary } from '../../pipeline/retry/event-summary.js';
import type { TriggerSummary } from '../../pipeline/retry/trigger-list.js';

/** A value of the library as JSON carries it: times are texts. */
type Answered<Value> = Value extends Date
  ? string
  : Value extends (infer Item)[] | readonly (infer Item)[]
    ? Answered<Item>[]
    : Value extends object
      ? { [Member in keyof Value]: Answered<Value[Member]> }
      : Value;

export type Trigger = Answered<TriggerSummary>;
export type ListedEvent = Answered<EventSummary>;
export type EventOnPage = Answered<EventDetails>;
export type AttemptOnPage = EventOnPage['history'][number];
export type EventState = ListedEvent['state'];
export type Operation = ListedEvent['operation'];
/** The definition of a trigger that was made at run time. */
export type Definition = NonNullable<Trigger['made']>;

export interface EventPage {
  readonly events: readonly ListedEvent[];
  /** Where the next page begins; null behind the oldest event. */
  readonly next: string | null;
}

export interface DeadLetterGroup {
  readonly trigger: string;
  readonly reason: string;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly count: number;
  readonly oldest: string;
  readonly newest: string;
}

export interface DeadLetterGroups {
  readonly groups: readonly DeadLetterGroup[];
  /** False where there are more dead letters than were looked at. */
  readonly isComplete: boolean;
}

export interface Bucket {
  readonly at: string;
  readonly delivered: number;
  readonly failed: number;
}

export interface TriggerStatistics {
  readonly attempts: number;
  readonly failed: number;
  /** Milliseconds within which 95 of 100 attempts ended; null where there was none. */
  readonly p95: number | null;
  readonly buckets: readonly Bucket[];
}

export interface Statistics {
  readonly minutes: number;
  readonly triggers: Readonly<Record<string, TriggerStatistics>>;
}

export interface TableName {
  readonly schema: string;
  readonly name: string;
}

export interface TableColumn {
  readonly name: string;
  readonly type: string;
  readonly isKey: boolean;
}

/** What to send again. */
export interface Redelivery {
  readonly trigger?: string;
  readonly state?: 'dead' | 'delivered';
  readonly from?: string;
  readonly to?: string;
  readonly reason?: string;
  readonly errorCode?: string;
  readonly key?: string;
  readonly perSecond?: number;
}

/** One line of the stream that tells how far a bulk redelivery is. */
export interface RedeliveryLine {
  readonly redelivered: number;
  readonly done?: boolean;
  readonly code?: string;
  readonly detail?: string;
}
