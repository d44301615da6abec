import type { QuotedIdentifier } from '../../schema/identifier.js';
import type { CapturePauseReason } from '../attach/capture-switch.js';
import type { RunTimeTriggerDefinition } from '../attach/run-time-trigger.js';
import type { TriggerContent } from '../attach/stored-trigger.js';
import { dateOf } from '../deliver/created-at.js';
import type { Operation } from '../event.js';
import type { RunStatement } from './application-events.js';
import { triggerListStatement } from './trigger-list.sql.js';

/** Since when something rests, and why. */
export interface Pause<Reason extends string> {
  readonly since: Date;
  readonly reason: Reason;
}

/** Of a trigger by `pause`, because its destination has failed for long or is gone, or because nobody defines it. */
export type DeliveryPauseReason = 'hand' | 'failing' | 'gone' | 'removed';

/** A trigger as the database has it, and what waits of it. */
export interface TriggerSummary {
  readonly name: string;
  readonly table: { readonly schema: string; readonly name: string };
  /** What makes an event: `MANUAL` stands for `invoke`. */
  readonly operations: readonly Operation[];
  /** The URL as it is defined, with its variables unresolved; null where a handler of the application is called. */
  readonly webhook: string | null;
  /** Its definition, where it was made at run time; null where it is the code's. */
  readonly made: RunTimeTriggerDefinition | null;
  /** Whether the definition lets it be captured. */
  readonly enabled: boolean;
  readonly deliveryPaused: Pause<DeliveryPauseReason> | null;
  readonly capturePaused: Pause<CapturePauseReason> | null;
  /** Since when its destination fails, as long as it does. */
  readonly failingSince: Date | null;
  /** Since when no application defines it; what waits of it is kept. */
  readonly removedAt: Date | null;
  /** The time of the oldest change that nobody has claimed; null where all is claimed. */
  readonly oldestWaiting: Date | null;
  /** Events that wait for another attempt, for an earlier one of their key, or for a decision: up to 10,000 are counted. */
  readonly retrying: number;
  readonly parked: number;
  readonly dead: number;
}

interface TriggerRow {
  readonly name: string;
  readonly definition: TriggerContent;
  readonly delivery_paused_at: string | null;
  readonly delivery_pause_reason: DeliveryPauseReason | null;
  readonly capture_paused_at: string | null;
  readonly capture_pause_reason: CapturePauseReason | null;
  readonly failing_since: string | null;
  readonly removed_at: string | null;
  readonly retrying: number;
  readonly parked: number;
  readonly dead: number;
  readonly oldest_waiting: string | null;
}

/**
 * The triggers of an application by name, also removed ones whose events are kept.
 *
 * @param name only this one
 */
export async function listTriggers(
  run: RunStatement,
  schema: QuotedIdentifier,
  application: string,
  name: string | null = null,
): Promise<TriggerSummary[]> {
  const rows = await run<TriggerRow>(triggerListStatement(schema), [application, name]);
  return rows.map((row) => ({
    name: row.name,
    table: row.definition.table,
    operations: operationsOf(row.definition),
    webhook: row.definition.webhook ?? null,
    made: row.definition.made ?? null,
    enabled: row.definition.enabled,
    deliveryPaused: pauseOf(row.delivery_paused_at, row.delivery_pause_reason),
    capturePaused: pauseOf(row.capture_paused_at, row.capture_pause_reason),
    failingSince: dateOrNull(row.failing_since),
    removedAt: dateOrNull(row.removed_at),
    oldestWaiting: dateOrNull(row.oldest_waiting),
    retrying: row.retrying,
    parked: row.parked,
    dead: row.dead,
  }));
}

function operationsOf(definition: TriggerContent): Operation[] {
  const makes: readonly (readonly [Operation, unknown])[] = [
    ['INSERT', definition.insert],
    ['UPDATE', definition.update],
    ['DELETE', definition.delete],
    ['TRUNCATE', definition.truncate],
    ['MANUAL', definition.manual],
  ];
  return makes.filter(([, rule]) => Boolean(rule)).map(([operation]) => operation);
}

const dateOrNull = (timestamptz: string | null): Date | null =>
  timestamptz === null ? null : dateOf(timestamptz);

function pauseOf<Reason extends string>(
  at: string | null,
  reason: Reason | null,
): Pause<Reason> | null {
  const since = dateOrNull(at);
  return since === null || reason === null ? null : { since, reason };
}
