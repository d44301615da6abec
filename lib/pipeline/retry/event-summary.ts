import { storedTrigger, type TriggerContent } from '../attach/stored-trigger.js';
import { asPrinted, dateOf } from '../deliver/created-at.js';
import { eventId } from '../deliver/event-id.js';
import {
  eventRequest,
  type EventRequest,
  type ModuleRequestTerms,
} from '../deliver/event-request.js';
import { parsePayload } from '../deliver/exact-json.js';
import { sessionVariables, traceContext } from '../deliver/writer-context.js';
import type { EventData, EventNumber, Operation, TriggerId } from '../event.js';
import type { EventState } from './event-filter.js';

/** What came of an attempt. */
export interface AttemptSummary {
  /** 1 for the first one. */
  readonly number: number;
  readonly endedAt: Date;
  /** Milliseconds. */
  readonly duration: number;
  readonly outcome: 'delivered' | 'retry' | 'dead';
  /** The HTTP status; null where no answer came. */
  readonly status: number | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
}

/** An attempt with what was answered. */
export interface AttemptDetails extends AttemptSummary {
  readonly responseHeaders: Readonly<Record<string, unknown>> | null;
  /** The beginning of the body. */
  readonly responseBody: string | null;
}

export interface EventSummary {
  /** As receivers see it. */
  readonly id: string;
  readonly trigger: string;
  readonly operation: Operation;
  readonly key: string | null;
  readonly createdAt: Date;
  readonly state: EventState;
  /** Those that are in the attempt log. */
  readonly attempts: number;
  readonly lastAttempt: AttemptSummary | null;
  /** When it may be attempted again, of one that is `retrying`; else null. */
  readonly nextAttemptAt: Date | null;
  /** Why it was given up, of one that is `dead`: `'exhausted'`, `'too-old'`, `'rejected'` or `'lease-lost'`. */
  readonly reason: string | null;
}

/** One event with its rows, as they were captured, and all attempts that the log keeps, the oldest first. */
export interface EventDetails extends EventSummary {
  readonly event: EventData<Record<string, unknown>>;
  /**
   * The request of the last attempt, or of the first one to come, as the trigger is defined now; null where a handler of
   * the application is called. Earlier attempts differ from it in their number.
   */
  readonly request: EventRequest | null;
  readonly history: readonly AttemptDetails[];
}

/** Times are texts, as the dispatcher reads them: a host may have a way of its own to parse a timestamptz. */
interface AttemptRow {
  readonly number: number;
  readonly outcome: AttemptSummary['outcome'];
  readonly status: number | null;
  readonly duration_ms: number;
  readonly error_code: string | null;
  readonly error_message: string | null;
  readonly ended_at: string;
}

export interface AnsweredAttemptRow extends AttemptRow {
  readonly response_headers: string | null;
  readonly response_body: string | null;
}

export interface SummaryRow {
  readonly trigger_id: TriggerId;
  readonly number: EventNumber;
  readonly created_at: string;
  readonly operation: Operation;
  readonly key: string | null;
  readonly state: EventState;
  readonly attempts: number;
  readonly reason: string | null;
  readonly due: string | null;
  readonly last: AttemptRow | null;
}

export interface DetailsRow extends SummaryRow {
  /** As text, since the host may have told its driver to read json in another way. */
  readonly definition: string;
  readonly redelivered: boolean;
  readonly old: string | null;
  readonly new: string | null;
  readonly session: string | null;
  readonly trace: string | null;
}

/** What is the same for all events of an application. */
export interface SummaryTerms {
  readonly installation: number;
  readonly names: ReadonlyMap<TriggerId, string>;
}

export const eventSummary = (
  { installation, names }: SummaryTerms,
  row: SummaryRow,
): EventSummary => ({
  id: eventId(installation, { number: row.number, createdAt: row.created_at }),
  trigger: names.get(row.trigger_id) ?? '',
  operation: row.operation,
  key: row.key,
  createdAt: dateOf(row.created_at),
  state: row.state,
  attempts: row.attempts,
  lastAttempt: row.last === null ? null : attemptSummary(row.last),
  nextAttemptAt: row.state === 'retrying' && row.due !== null ? dateOf(row.due) : null,
  reason: row.reason,
});

export const eventDetails = (
  terms: SummaryTerms,
  row: DetailsRow,
  history: readonly AnsweredAttemptRow[],
  module: ModuleRequestTerms,
): EventDetails => ({
  ...eventSummary(terms, row),
  event: dataOf(row),
  request: requestOf(terms, row, module),
  history: history.map(attemptDetails),
});

function requestOf(
  { installation, names }: SummaryTerms,
  row: DetailsRow,
  module: ModuleRequestTerms,
): EventRequest | null {
  const { trigger_id: id, definition } = row;
  const name = names.get(id) ?? '';
  const content = JSON.parse(definition) as TriggerContent;
  return eventRequest(
    storedTrigger({ id, name, application: '', definition: content, paused: false }),
    {
      ...row,
      triggerId: id,
      keyBefore: null,
      // The body has the digits that dispatchers read.
      createdAt: asPrinted(row.created_at),
      attemptsBefore: Math.max(0, row.attempts - 1),
      parked: false,
    },
    installation,
    module,
  );
}

const attemptSummary = (row: AttemptRow): AttemptSummary => ({
  number: row.number,
  endedAt: dateOf(row.ended_at),
  duration: row.duration_ms,
  outcome: row.outcome,
  status: row.status,
  errorCode: row.error_code,
  errorMessage: row.error_message,
});

const attemptDetails = (row: AnsweredAttemptRow): AttemptDetails => ({
  ...attemptSummary(row),
  responseHeaders:
    row.response_headers === null
      ? null
      : (JSON.parse(row.response_headers) as Record<string, unknown>),
  responseBody: row.response_body,
});

/** As a webhook has it, with all columns that were captured. */
const dataOf = (row: DetailsRow): EventDetails['event'] =>
  parsePayload(
    `{"op":"${row.operation}","data":{"old":${row.old ?? 'null'},"new":${row.new ?? 'null'}},` +
      `"session_variables":${sessionVariables(row.session)},"trace_context":${traceContext(row.trace)}}`,
  ) as EventDetails['event'];
