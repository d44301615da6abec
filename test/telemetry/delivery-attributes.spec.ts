import { describe, expect, it } from 'vitest';
import { resolveDestination } from '../../lib/pipeline/deliver/destination.js';
import { eventId } from '../../lib/pipeline/deliver/event-id.js';
import { answered, tooLarge, unanswered, unhandled } from '../../lib/pipeline/deliver/outcome.js';
import {
  attemptAttributes,
  outcomeAttributes,
  serverAttributes,
} from '../../lib/telemetry/delivery-attributes.js';
import { contextOf, destinationOf, event, trigger } from '../pipeline/support/trigger.js';

const CHANGED_AT = Date.parse('2026-11-24T04:11:40.123Z');
const answer = (status: number) =>
  answered({ status, headers: {}, body: Buffer.from('ada@example.com') }, 1, CHANGED_AT);

describe('the attributes of an attempt', () => {
  it('say which event goes where, and how long it has waited, in seconds', () => {
    const destination = destinationOf({ webhook: 'https://example.com/hooks/s3cret?key=s3cret' });
    expect(attemptAttributes(destination, [event()], CHANGED_AT + 1_500)).toEqual({
      'http.request.method': 'POST',
      'server.address': 'example.com',
      'server.port': 443,
      'event_triggers.trigger': 'orders_all',
      'event_triggers.event.id': eventId(7, event()),
      'event_triggers.attempt': 1,
      'event_triggers.queue_time': 1.5,
    });
  });

  it.each([
    ['a retry', { attemptsBefore: 1 }],
    ['what is sent again', { redelivered: true }],
  ])('say of %s not how long it has waited', (_, given) => {
    const attributes = attemptAttributes(destinationOf(), [event(given)], CHANGED_AT + 1_500);
    expect(attributes).not.toHaveProperty('event_triggers.queue_time');
  });

  it('never say that it has waited for less than nothing, by clocks that differ', () => {
    const attributes = attemptAttributes(destinationOf(), [event()], CHANGED_AT - 1_500);
    expect(attributes['event_triggers.queue_time']).toBe(0);
  });

  it('of a handler are those of messaging', () => {
    const handlers = new Map([['orders_all', { handle: () => Promise.resolve() }]]);
    const handler = resolveDestination(trigger({ webhook: undefined }), contextOf({ handlers }));
    const id = eventId(7, event());
    expect(attemptAttributes(handler, [event({ attemptsBefore: 2 })], CHANGED_AT)).toEqual({
      'messaging.system': 'event_triggers',
      'messaging.operation.name': 'deliver',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'orders_all',
      'messaging.message.id': id,
      'event_triggers.trigger': 'orders_all',
      'event_triggers.event.id': id,
      'event_triggers.attempt': 3,
    });
  });

  it('of several events say how many', () => {
    const attributes = attemptAttributes(destinationOf(), [event(), event()], CHANGED_AT);
    expect(attributes).toMatchObject({ 'messaging.batch.message_count': 2 });
    expect(attributes).not.toHaveProperty('event_triggers.event.id');
  });

  it.each([
    ['http://example.com', 'example.com', 80],
    ['https://example.com:8443', 'example.com', 8443],
    ['http://[::1]:3000', '::1', 3000],
  ])('name the server of %s', (origin, address, port) => {
    expect(serverAttributes(origin)).toEqual({ 'server.address': address, 'server.port': port });
  });
});

describe('the attributes of an outcome', () => {
  it.each([
    [
      'a success',
      answer(204),
      { 'event_triggers.outcome': 'delivered', 'http.response.status_code': 204 },
    ],
    [
      'a refusal',
      answer(503),
      {
        'event_triggers.outcome': 'retry',
        'http.response.status_code': 503,
        'error.type': '503',
      },
    ],
    [
      'no answer',
      unanswered(Object.assign(new Error(), { code: 'ECONNREFUSED' }), 'http://a', 1),
      { 'event_triggers.outcome': 'retry', 'error.type': 'ECONNREFUSED' },
    ],
    [
      'a body that is too large',
      tooLarge(2, 1, 1),
      { 'event_triggers.outcome': 'rejected', 'error.type': 'BODY_TOO_LARGE' },
    ],
    [
      'a handler that throws',
      unhandled(new TypeError('no ada@example.com'), 1),
      { 'event_triggers.outcome': 'retry', 'error.type': 'TypeError' },
    ],
  ])('tell of %s by its class, and not by its words', (_, outcome, attributes) => {
    expect(outcomeAttributes(outcome, [])).toEqual(attributes);
  });

  it('of several events say how many of them have failed', () => {
    const whole = answer(200);
    expect(outcomeAttributes(whole, [whole, answer(500), answer(400)])).toEqual({
      'event_triggers.outcome': 'delivered',
      'event_triggers.failed_events': 2,
      'http.response.status_code': 200,
    });
  });
});
