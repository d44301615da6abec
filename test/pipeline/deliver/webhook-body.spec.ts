import { describe, expect, it } from 'vitest';
import { eventId } from '../../../lib/pipeline/deliver/event-id.js';
import { webhookBody } from '../../../lib/pipeline/deliver/webhook-body.js';
import type { Operation } from '../../../lib/pipeline/event.js';
import { destinationOf, event } from '../support/trigger.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

describe('the body of a webhook', () => {
  const bodyOf = (
    more: Parameters<typeof event>[0],
    trigger: Parameters<typeof destinationOf>[0] = {},
  ) => webhookBody(destinationOf(trigger), event(more));
  const parsed = (body: string) => JSON.parse(body) as { event: Record<string, unknown> };

  it('is Hasura’s, byte for byte, with its keys in the order of the alphabet', () => {
    const given = event({ new: '{"id":1,"total":10.50}', attemptsBefore: 2 });

    const body = webhookBody(destinationOf(), given);

    expect(body).toBe(
      '{"created_at":"2026-11-24T04:11:40.123456Z"' +
        ',"delivery_info":{"current_retry":2,"max_retries":3}' +
        ',"event":{"data":{"new":{"id":1,"total":10.50},"old":null},"op":"INSERT"' +
        ',"session_variables":null,"trace_context":null}' +
        `,"id":"${eventId(7, given)}"` +
        ',"table":{"name":"orders","schema":"public"},"trigger":{"name":"orders_all"}}',
    );
  });

  it.each<[Operation, string | null, string | null]>([
    ['INSERT', null, '{"id":1}'],
    ['UPDATE', '{"id":1}', '{"id":2}'],
    ['DELETE', '{"id":1}', null],
    ['TRUNCATE', null, null],
    ['MANUAL', null, '[1,"any json"]'],
  ])('of %s has the row before and after as the operation has them', (operation, before, after) => {
    const { data, op } = parsed(bodyOf({ operation, old: before, new: after })).event;
    expect({ op, data }).toEqual({
      op: operation,
      data: {
        old: before === null ? null : JSON.parse(before),
        new: after === null ? null : JSON.parse(after),
      },
    });
  });

  it('passes numbers and escapes through as Postgres printed them', () => {
    const row =
      '{"big":9223372036854775807,"exact":10.50,"huge":1e400,"zero":-0,"nul":"a\\u0000b"}';
    expect(bodyOf({ new: row })).toContain(`"new":${row}`);
  });

  it('has only the columns that the operation names, old and new', () => {
    const body = bodyOf(
      {
        operation: 'UPDATE',
        old: '{"id":1,"secret":"x","n":1.0}',
        new: '{"id":1,"secret":"y","n":2.0}',
      },
      { update: { payload: ['n', 'id'] } },
    );
    expect(body).toContain('"data":{"new":{"id":1,"n":2.0},"old":{"id":1,"n":1.0}}');
  });

  it('says when the row changed in UTC, with as many digits as Postgres gave', () => {
    expect(bodyOf({ createdAt: '2026-11-24 04:11:40+00' })).toContain('"2026-11-24T04:11:40Z"');
    expect(bodyOf({ createdAt: '2026-11-24 04:11:40.1+00' })).toContain('"2026-11-24T04:11:40.1Z"');
  });

  it.each([
    ['{"x-hasura-user-id":"1"}', { 'x-hasura-user-id': '1' }],
    ['not json', null],
    ['[1]', null],
    ['"text"', null],
    ['', null],
  ])('takes session variables %j as %j', (session, expected) => {
    expect(parsed(bodyOf({ session })).event['session_variables']).toEqual(expected);
  });

  it.each([
    [`00-${TRACE}-${SPAN}-01`, { trace_id: TRACE, span_id: SPAN, sampling_state: '1' }],
    [`00-${TRACE}-${SPAN}-00`, { trace_id: TRACE, span_id: SPAN, sampling_state: '0' }],
    [`{"trace_id":"${TRACE}","span_id":"${SPAN}"}`, { trace_id: TRACE, span_id: SPAN }],
    ['{"trace_id":"only"}', null],
    ['00-short-id-01', null],
  ])('takes the trace %j as %j', (trace, expected) => {
    expect(parsed(bodyOf({ trace })).event['trace_context']).toEqual(expected);
  });
});
