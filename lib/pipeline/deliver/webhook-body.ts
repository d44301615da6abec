import type { ClaimedEvent } from '../event.js';
import { isoOf } from './created-at.js';
import type { Destination } from './destination.js';
import { eventId } from './event-id.js';
import { pickMembers } from './row-json.js';
import { sessionVariables, traceContext } from './writer-context.js';

/**
 * The body of a webhook in Hasura's wire format, keys in its order, which is that of the alphabet.
 *
 * Row images are spliced in as the text that Postgres printed: never parsed, never printed again.
 *
 * @throws SyntaxError when an image that has to be projected is no JSON object
 */
export function webhookBody(
  destination: Destination,
  event: ClaimedEvent,
  id: string = eventId(destination.installation, event),
): string {
  const columns = destination.payload[event.operation];
  return (
    `{"created_at":"${isoOf(event.createdAt)}"` +
    `,"delivery_info":{"current_retry":${event.attemptsBefore},"max_retries":${destination.maxRetries}}` +
    `,"event":{"data":{"new":${image(event.new, columns)},"old":${image(event.old, columns)}}` +
    `,"op":"${event.operation}"` +
    `,"session_variables":${sessionVariables(event.session)}` +
    `,"trace_context":${traceContext(event.trace)}}` +
    `,"id":"${id}` +
    destination.bodyEnd
  );
}

function image(row: string | null, columns: ReadonlySet<string> | undefined): string {
  if (row === null) return 'null';
  return columns === undefined ? row : pickMembers(row, columns);
}
