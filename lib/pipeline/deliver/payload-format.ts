import type { StoredTrigger } from '../attach/stored-trigger.js';
import type { ClaimedEvent } from '../event.js';
import { cloudEvents } from './cloud-event.js';
import { rowPayload } from './row-payload.js';
import { webhookBody, type PayloadTerms } from './webhook-body.js';

/** How the events of a trigger are written down for its receiver. */
export interface PayloadFormat {
  readonly contentType: string;
  /** @throws SyntaxError when an image that has to be projected is no JSON object */
  body(event: ClaimedEvent, id: string): string;
  /** What the body leaves to headers, names and values in turn. */
  headers(event: ClaimedEvent, id: string): readonly string[];
}

/** The format that the trigger asks for. */
export function payloadFormat(trigger: StoredTrigger, terms: PayloadTerms): PayloadFormat {
  switch (trigger.format) {
    case 'cloudevents':
    case 'cloudevents-structured':
      return cloudEvents(trigger, terms);
    case 'row':
      return rowPayload(trigger, terms);
    case undefined:
      return {
        contentType: 'application/json',
        body: (event, id) => webhookBody(terms, event, id),
        headers: () => NONE,
      };
  }
}

const NONE: readonly string[] = [];
