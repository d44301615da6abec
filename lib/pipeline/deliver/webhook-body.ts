import type { StoredTrigger } from '../attach/stored-trigger.js';
import type { ClaimedEvent, Operation } from '../event.js';
import { isoOf } from './created-at.js';
import { eventId } from './event-id.js';
import { pickMembers } from './row-json.js';
import { sessionVariables, traceContext } from './writer-context.js';

/** What is the same in the payloads of all events of a trigger. */
export interface PayloadTerms {
  /** The name of the trigger. */
  readonly trigger: string;
  /** The number that makes this database's event ids unlike all others. */
  readonly installation: number;
  /** The columns that leave, by operation; all where there is no entry. */
  readonly payload: Readonly<Partial<Record<Operation, ReadonlySet<string>>>>;
  readonly maxRetries: number;
  /** The end of the body, after the id. */
  readonly bodyEnd: string;
}

export function payloadTerms(trigger: StoredTrigger, installation: number): PayloadTerms {
  const { schema, name } = trigger.table;
  const table = JSON.stringify({ name, schema });
  return {
    trigger: trigger.name,
    installation,
    payload: payloadColumns(trigger),
    maxRetries: trigger.retry.attempts - 1,
    bodyEnd: `","table":${table},"trigger":${JSON.stringify({ name: trigger.name })}}`,
  };
}

function payloadColumns(trigger: StoredTrigger): PayloadTerms['payload'] {
  const columns: Partial<Record<Operation, ReadonlySet<string>>> = {};
  if (trigger.insert?.payload) columns.INSERT = new Set(trigger.insert.payload);
  if (trigger.update?.payload) columns.UPDATE = new Set(trigger.update.payload);
  if (trigger.delete?.payload) columns.DELETE = new Set(trigger.delete.payload);
  return columns;
}

/**
 * The body of a webhook in Hasura's wire format, keys in its order, which is that of the alphabet.
 *
 * Row images are spliced in as the text that Postgres printed: never parsed, never printed again.
 *
 * @throws SyntaxError when an image that has to be projected is no JSON object
 */
export function webhookBody(
  destination: PayloadTerms,
  event: ClaimedEvent,
  id: string = eventId(destination.installation, event),
): string {
  return (
    `{"created_at":"${isoOf(event.createdAt)}"` +
    `,"delivery_info":{"current_retry":${event.attemptsBefore},"max_retries":${destination.maxRetries}}` +
    `,"event":{"data":{${rowImages(destination, event)}}` +
    `,"op":"${event.operation}"` +
    `,"session_variables":${sessionVariables(event.session)}` +
    `,"trace_context":${traceContext(event.trace)}}` +
    `,"id":"${id}` +
    destination.bodyEnd
  );
}

/** The row after and before, as two members of a JSON object. */
export function rowImages(terms: PayloadTerms, event: ClaimedEvent): string {
  return `"new":${rowImage(terms, event, event.new)},"old":${rowImage(terms, event, event.old)}`;
}

/** One image with the columns that leave; `null` where there is none. */
export function rowImage(
  { payload }: PayloadTerms,
  { operation }: ClaimedEvent,
  row: string | null,
): string {
  if (row === null) return 'null';
  const columns = payload[operation];
  return columns === undefined ? row : pickMembers(row, columns);
}
