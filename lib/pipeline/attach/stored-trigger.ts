import type { TriggerId } from '../event.js';
import type { RunTimeTriggerDefinition } from './run-time-trigger.js';

/** What to capture of one operation. Columns are names in the database, not properties of an entity. */
export interface StoredOperation {
  /** The columns that leave in the payload; all where it is absent. */
  readonly payload?: readonly string[];
  /** The SQL condition as the user wrote it. */
  readonly when?: string;
}

export interface StoredUpdate extends StoredOperation {
  /** The columns whose change counts; any where it is absent. */
  readonly columns?: readonly string[];
  /** Whether an update that changed none of them counts too. */
  readonly unchanged?: boolean;
}

/** A header to send. A value may hold `{{ENV_VAR}}` templates; the value of a variable is never stored. */
export type StoredHeader =
  | { readonly name: string; readonly value: string }
  | { readonly name: string; readonly valueFromEnv: string };

/** How events are written down where it is not Hasura's way. */
export type StoredFormat = (typeof STORED_FORMATS)[number];

export const STORED_FORMATS = ['cloudevents', 'cloudevents-structured', 'row'] as const;

/** What an answer comes to: `gone` pauses the delivery of its trigger and keeps the event. */
export type StatusOutcome = (typeof STATUS_OUTCOMES)[number];

export const STATUS_OUTCOMES = ['delivered', 'retry', 'rejected', 'gone'] as const;

/** Outcomes by status (`'413'`) or by class (`'4xx'`). */
export type StatusRules = Readonly<Record<string, StatusOutcome>>;

/** A key to sign with, with its `{{ENV_VAR}}` templates unresolved: that of a trigger is nothing else. */
export interface StoredSigningKey {
  readonly key: string;
  /** Milliseconds since 1970; null for ever. */
  readonly until: number | null;
}

/** A retry policy with every default filled in; times in milliseconds. */
export interface StoredRetry {
  /** Attempts in all, the first included. */
  readonly attempts: number;
  readonly strategy: 'exponential' | 'fixed' | readonly number[];
  readonly delay: number;
  readonly maxDelay: number;
  /** No attempt starts later than this after the event was captured. */
  readonly maxAge: number | null;
  readonly jitter: boolean;
}

/** So many requests a second, and so many at once after a pause. */
interface StoredRateLimit {
  readonly perSecond: number;
  readonly burst: number;
}

/** So many events in one request. */
export interface StoredBundle {
  readonly size: number;
  /** Milliseconds that the first of them waits for the others. */
  readonly within: number;
}

/** When a destination counts as failing; times in milliseconds. */
export interface StoredBreaker {
  readonly failureRatio: number;
  readonly window: number;
  readonly minimum: number;
  readonly pause: number;
  readonly maxPause: number;
  /** Null where a trigger that fails goes on for ever. */
  readonly disableAfter: number | null;
}

/**
 * A definition as it stands in the database: validated, with columns resolved and defaults filled in.
 *
 * The database is the one source: every replica delivers by what stands there, whichever build it runs.
 */
export interface StoredTrigger {
  readonly id: TriggerId;
  readonly name: string;
  readonly application: string;
  readonly table: { readonly schema: string; readonly name: string };
  readonly insert?: StoredOperation;
  readonly update?: StoredUpdate;
  readonly delete?: StoredOperation;
  readonly truncate?: boolean;
  readonly manual?: boolean;
  /** Whether what logical replication writes is captured too. */
  readonly replication?: boolean;
  /** `'row'`: events of one key are delivered one at a time, in the order of the log. */
  readonly ordering?: 'row';
  /** The columns whose values are the key; the primary key where it is absent. */
  readonly orderingKey?: readonly string[];
  /** `'hold-key'`: an event that is given up holds up later ones of its key. */
  readonly whenExhausted?: 'hold-key';
  /** Triggers of the table that are known not to change other rows of the statement. */
  readonly harmlessTriggers?: readonly string[];
  /** Attempts under way at the same time in one replica. */
  readonly concurrency: number;
  readonly rateLimit?: StoredRateLimit;
  /** Whether one dispatcher at a time has work of it, so that limits hold over all replicas. */
  readonly exact?: boolean;
  /** Absent where every event is attempted, whatever became of those before. */
  readonly breaker?: StoredBreaker;
  /** The URL with its `{{ENV_VAR}}` templates unresolved; absent where a handler of the application is called. */
  readonly webhook?: string;
  readonly headers: readonly StoredHeader[];
  /** Whether the module's webhook secret is sent along. */
  readonly sendSecret: boolean;
  /** Hasura's where it is absent. */
  readonly format?: StoredFormat;
  /** Whether a function of the application has a say in each request: then replicas without it leave the events alone. */
  readonly transformed?: true;
  /** Absent where each event has a request of its own. */
  readonly bundle?: StoredBundle;
  /** Bytes of the largest body that is sent. */
  readonly maxBodyBytes?: number;
  /** What answers mean, beside the defaults. */
  readonly statuses?: StatusRules;
  /** Of its own; the module's where it is absent, and none where it is empty. */
  readonly signingKeys?: readonly StoredSigningKey[];
  readonly retry: StoredRetry;
  /** Total time for one attempt in milliseconds. */
  readonly timeout: number;
  readonly enabled: boolean;
  /** What becomes of events that wait when it is removed; they are kept where it is absent. */
  readonly whenRemoved?: 'drain' | 'purge';
  /** The definition as it was given at run time; absent where it is the code's. */
  readonly made?: RunTimeTriggerDefinition;
  /** Whether its delivery is paused: by hand, or because its destination has failed for long. */
  readonly paused: boolean;
}

/** Whether one dispatcher at a time has work of the trigger. The database says the same in a column. */
export const isExclusive = ({ ordering, exact }: TriggerContent): boolean =>
  ordering === 'row' || exact === true;

/** Where a new stream starts: at a time, or so many milliseconds ago. */
export interface StartFrom {
  readonly at?: string;
  readonly ago?: number;
}

/** A definition as an application asks for it, before it has a number. */
export interface WantedTrigger extends Omit<StoredTrigger, 'id' | 'paused'> {
  /** Names that it had before. */
  readonly formerly: readonly string[];
  /** What it gets of the past when it is created; not stored, since it means nothing later. */
  readonly startFrom?: StartFrom;
}

/** What the column `definition` holds: all that has no column of its own. */
export type TriggerContent = Omit<StoredTrigger, 'id' | 'name' | 'application' | 'paused'>;

export interface TriggerRow {
  readonly id: number;
  readonly name: string;
  readonly application: string;
  readonly definition: TriggerContent;
  readonly paused: boolean;
}

/** The definition that a row of the table `event_trigger` holds. */
export function storedTrigger(row: TriggerRow): StoredTrigger {
  const { id, name, application, definition, paused } = row;
  return { ...definition, id: id as TriggerId, name, application, paused };
}

/** What to store in the column `definition`. */
export function contentOf(trigger: WantedTrigger): TriggerContent {
  const {
    name: _name,
    application: _application,
    formerly: _formerly,
    startFrom: _startFrom,
    ...content
  } = trigger;
  return content;
}
