import type { StoredTrigger } from '../attach/stored-trigger.js';
import type { ClaimedEvent } from '../event.js';
import { isoOf } from './created-at.js';
import { headerText } from './header-text.js';
import type { PayloadFormat } from './payload-format.js';
import { rowImages, type PayloadTerms } from './webhook-body.js';
import { sessionVariables, traceparentOf } from './writer-context.js';

/** https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md */
const VERSION = '1.0';

const STRUCTURED = 'application/cloudevents+json; charset=utf-8';
/** Of a JSON array of events in structured mode. */
const BATCH = 'application/cloudevents-batch+json; charset=utf-8';

/** The names of the headers that carry attributes, for who must not set them himself. */
export const CLOUD_EVENT_HEADERS: readonly string[] = [
  'ce-specversion',
  'ce-id',
  'ce-source',
  'ce-type',
  'ce-time',
  'ce-subject',
  'ce-operation',
  'ce-traceparent',
];

/** The mode of the HTTP binding that the trigger asks for. */
export function cloudEvents(trigger: StoredTrigger, terms: PayloadTerms): PayloadFormat {
  if (trigger.bundle !== undefined) return structured(trigger, terms, BATCH);
  return trigger.format === 'cloudevents'
    ? binary(trigger, terms)
    : structured(trigger, terms, STRUCTURED);
}

/** Events whose attributes are headers and whose data is the body (HTTP binding, binary mode). */
function binary(trigger: StoredTrigger, terms: PayloadTerms): PayloadFormat {
  const source = sourceOf(trigger);
  return {
    contentType: 'application/json',
    body: (event) => data(terms, event),
    headers: (event, id) =>
      attributesOf(trigger, source, event, id).flatMap(([name, value]) => [
        `ce-${name}`,
        headerText(value),
      ]),
  };
}

/** Events with attributes and data in one JSON object (HTTP binding, structured mode). */
function structured(
  trigger: StoredTrigger,
  terms: PayloadTerms,
  contentType: string,
): PayloadFormat {
  const source = sourceOf(trigger);
  return {
    contentType,
    body: (event, id) => {
      const attributes = JSON.stringify(
        Object.fromEntries(attributesOf(trigger, source, event, id)),
      );
      return `${attributes.slice(0, -1)},"datacontenttype":"application/json","data":${data(terms, event)}}`;
    },
    headers: () => [],
  };
}

type Attribute = readonly [name: string, value: string];

/** The type is what the developer called the event; `operation` tells apart what one trigger captures. */
function attributesOf(
  { name }: StoredTrigger,
  source: string,
  { operation, key, trace, createdAt }: ClaimedEvent,
  id: string,
): Attribute[] {
  const attributes: Attribute[] = [
    ['specversion', VERSION],
    ['id', id],
    ['source', source],
    ['type', name],
    ['time', isoOf(createdAt)],
    ['operation', operation.toLowerCase()],
  ];
  // An attribute must not be empty, and the key of a row can be.
  if (key !== null && key !== '') attributes.push(['subject', key]);
  const traceparent = traceparentOf(trace);
  if (traceparent !== null) attributes.push(['traceparent', traceparent]);
  return attributes;
}

/** A relative reference (RFC 3986 §4.2): `/shop/public/orders`. */
function sourceOf({ application, table: { schema, name } }: StoredTrigger): string {
  return [application, schema, name].map((part) => `/${encodeURIComponent(part)}`).join('');
}

function data(terms: PayloadTerms, event: ClaimedEvent): string {
  return `{${rowImages(terms, event)},"session_variables":${sessionVariables(event.session)}}`;
}
