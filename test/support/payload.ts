import type { EventTriggerPayload } from 'nestjs-event-triggers';
import type { ReceivedRequest } from 'nestjs-event-triggers/testing';

/** What a webhook that arrived says. */
export const payloadIn = <Row = Record<string, unknown>>({
  body,
}: ReceivedRequest): EventTriggerPayload<Row> => JSON.parse(body) as EventTriggerPayload<Row>;
