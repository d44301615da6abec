import { BadRequestException, UnsupportedMediaTypeException } from '@nestjs/common';
import { parsePayload } from '../pipeline/deliver/exact-json.js';
import { OPERATIONS, type EventTriggerPayload, type Operation } from '../pipeline/event.js';
import { rawBodyOf, type RequestWithBody } from '../webhook/raw-body.js';

/** What came in one request. */
export interface ReceivedEvents {
  readonly payloads: readonly EventTriggerPayload[];
  /** Whether the sender takes an answer for each. */
  readonly isBundle: boolean;
}

/**
 * The events of a webhook. Where the application keeps raw bodies, numbers that JavaScript cannot hold are text.
 *
 * @throws UnsupportedMediaTypeException where nothing has been parsed; BadRequestException for what is no event
 */
export function receivedEvents(request: RequestWithBody): ReceivedEvents {
  const body = bodyOf(request);
  const isBundle = Array.isArray(body);
  const payloads: unknown[] = isBundle ? body : [body];
  const wrong = payloads.findIndex((one) => !isPayload(one));
  if (wrong >= 0) {
    const which = isBundle ? `Item ${wrong} of the body` : 'The body';
    throw new BadRequestException(`${which} is no event in the format "hasura"`);
  }
  return { payloads: payloads as EventTriggerPayload[], isBundle };
}

function bodyOf(request: RequestWithBody): unknown {
  const raw = rawBodyOf(request);
  if (raw !== null) {
    try {
      return parsePayload(Buffer.from(raw).toString('utf8'));
    } catch {
      throw new BadRequestException('The body is no JSON');
    }
  }
  const { body } = request;
  if (typeof body === 'object' && body !== null) return body;
  throw new UnsupportedMediaTypeException('The body has to be application/json');
}

function isPayload(value: unknown): value is EventTriggerPayload {
  const { id, table, trigger, event } = objectOf(value);
  const { op, data } = objectOf(event);
  const { schema, name } = objectOf(table);
  return (
    isText(id) &&
    isText(objectOf(trigger)['name']) &&
    isText(schema) &&
    isText(name) &&
    OPERATIONS.includes(op as Operation) &&
    'new' in objectOf(data) &&
    'old' in objectOf(data)
  );
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';

/** Members of anything: of what is no object there are none. */
const objectOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
