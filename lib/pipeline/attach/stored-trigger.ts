import type { TriggerId } from '../event.js';

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
  /** The URL with its `{{ENV_VAR}}` templates unresolved. */
  readonly webhook: string;
  readonly headers: readonly StoredHeader[];
  /** Whether the module's webhook secret is sent along. */
  readonly sendSecret: boolean;
  readonly retry: StoredRetry;
  /** Total time for one attempt in milliseconds. */
  readonly timeout: number;
  readonly enabled: boolean;
}

/** A definition as an application asks for it, before it has a number. */
export interface WantedTrigger extends Omit<StoredTrigger, 'id'> {
  /** Names that it had before. */
  readonly formerly: readonly string[];
}

/** What the column `definition` holds: all that has no column of its own. */
export type TriggerContent = Omit<StoredTrigger, 'id' | 'name' | 'application'>;

export interface TriggerRow {
  readonly id: number;
  readonly name: string;
  readonly application: string;
  readonly definition: TriggerContent;
}

/** The definition that a row of the table `event_trigger` holds. */
export function storedTrigger({ id, name, application, definition }: TriggerRow): StoredTrigger {
  return { ...definition, id: id as TriggerId, name, application };
}

/** What to store in the column `definition`. */
export function contentOf(trigger: WantedTrigger): TriggerContent {
  const { name: _name, application: _application, formerly: _formerly, ...content } = trigger;
  return content;
}
