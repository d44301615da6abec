import { HTTP, type CloudEvent, type Headers } from 'cloudevents';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StoredTrigger } from '../../../lib/pipeline/attach/stored-trigger.js';
import { EventDeliverer } from '../../../lib/pipeline/deliver/event-deliverer.js';
import { eventId } from '../../../lib/pipeline/deliver/event-id.js';
import { WebhookClient } from '../../../lib/pipeline/deliver/webhook-client.js';
import type { ClaimedEvent } from '../../../lib/pipeline/event.js';
import {
  startFakeReceiver,
  type ReceivedRequest,
  type FakeReceiver,
} from 'nestjs-event-triggers/testing';
import { LANES } from '../support/lanes.js';
import { destinationOf, event } from '../support/trigger.js';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const AWKWARD = 'Zoë "1%" a/b\n😀';

describe.each(LANES)('a webhook that is sent %s', (_, makeInstance) => {
  let receiver: FakeReceiver;
  let deliverer: EventDeliverer;

  beforeEach(async () => {
    receiver = await startFakeReceiver();
    deliverer = new EventDeliverer(new WebhookClient(makeInstance(), { connections: 1 }));
  });
  afterEach(async () => {
    await deliverer.close();
    await receiver.close();
  });

  const sent = async (
    trigger: Partial<StoredTrigger>,
    given: Partial<ClaimedEvent> = {},
  ): Promise<ReceivedRequest> => {
    const destination = destinationOf({ webhook: receiver.url, ...trigger });
    const outcome = await deliverer.deliver(destination, event(given));
    expect(outcome, 'the receiver accepts whatever comes').toMatchObject({ kind: 'delivered' });
    return receiver.requests.at(-1)!;
  };
  /** As the official library reads it, once headers are decoded, which the binding asks for and it leaves out. */
  const readBySdk = ({ headers, body }: ReceivedRequest): Record<string, unknown> => {
    const decoded = Object.entries(headers).map(([name, value]) => [
      name,
      name.startsWith('ce-') ? decodeURIComponent(String(value)) : value,
    ]);
    const read = HTTP.toEvent({ headers: Object.fromEntries(decoded) as Headers, body });
    expect((read as CloudEvent<unknown>).validate(), 'it is a valid event').toBe(true);
    return JSON.parse(JSON.stringify(read)) as Record<string, unknown>;
  };

  it.each(['cloudevents', 'cloudevents-structured'] as const)(
    'as %s is a CloudEvent to the official library',
    async (format) => {
      const table = { schema: 'public', name: 'order items' };
      const given = event({
        operation: 'UPDATE',
        key: AWKWARD,
        old: '{"id":1,"note":"ä"}',
        new: '{"id":2,"note":"ö"}',
        session: '{"x-hasura-role":"clerk"}',
        trace: TRACEPARENT,
      });
      const request = await sent({ format, table, update: { payload: ['id'] } }, given);
      const read = readBySdk(request);
      expect(read).toEqual({
        specversion: '1.0',
        id: eventId(7, given),
        source: '/test/public/order%20items',
        type: 'orders_all',
        // It cuts what a Date of JavaScript does not hold.
        time: '2026-11-24T04:11:40.123Z',
        subject: AWKWARD,
        operation: 'update',
        traceparent: TRACEPARENT,
        datacontenttype: 'application/json',
        data: {
          new: { id: 2 },
          old: { id: 1 },
          session_variables: { 'x-hasura-role': 'clerk' },
        },
      });
      expect(request.headers['webhook-id'], 'is the same id').toBe(read['id']);
    },
  );

  it.each([
    ['cloudevents', 'application/json'],
    ['cloudevents-structured', 'application/cloudevents+json; charset=utf-8'],
    ['row', 'application/json'],
    [undefined, 'application/json'],
  ] as const)('as %s says that it is %s', async (format, type) => {
    const { headers } = await sent(format === undefined ? {} : { format });
    expect(headers['content-type']).toBe(type);
  });

  it.each([null, ''])('has no subject where the key of the row is %j', async (key) => {
    const read = readBySdk(await sent({ format: 'cloudevents' }, { key }));
    expect(read).not.toHaveProperty('subject');
  });

  it('says when the row changed with every digit', async () => {
    const { headers } = await sent({ format: 'cloudevents' });
    expect(headers['ce-time']).toBe('2026-11-24T04:11:40.123456Z');
  });

  it('leaves numbers of a CloudEvent as Postgres printed them', async () => {
    const row = '{"big":9223372036854775807,"exact":10.50}';
    expect((await sent({ format: 'cloudevents' }, { new: row })).body).toContain(`"new":${row}`);
  });

  it.each([
    ['INSERT', null, '{"id":1,"n":10.50}', '{"id":1}'],
    ['UPDATE', '{"id":1,"n":1}', '{"id":2,"n":1}', '{"id":2}'],
    ['DELETE', '{"id":1,"n":1}', null, '{"id":1}'],
    ['TRUNCATE', null, null, 'null'],
    ['MANUAL', null, '["any json"]', '["any json"]'],
  ] as const)('as a bare row of %s is the row', async (operation, old, now, body) => {
    const payload = ['id'];
    const request = await sent(
      { format: 'row', insert: { payload }, update: { payload }, delete: { payload } },
      { operation, old, new: now },
    );
    expect(request.body).toBe(body);
    expect(request.headers).toMatchObject({
      'event-triggers-operation': operation,
      'event-triggers-table': 'public.orders',
      'event-triggers-created-at': '2026-11-24T04:11:40.123456Z',
      'event-triggers-name': 'orders_all',
    });
  });

  it('names a table beyond ASCII in a header all the same', async () => {
    const { headers } = await sent({ format: 'row', table: { schema: 'public', name: 'größe' } });
    expect(headers['event-triggers-table']).toBe('public.gr%C3%B6%C3%9Fe');
  });

  it('is not sent when its body is larger than the trigger allows, today or later', async () => {
    const maxBodyBytes = 600;
    const destination = destinationOf({ webhook: receiver.url, maxBodyBytes });
    const attempt = (text: string) =>
      deliverer.deliver(destination, event({ new: `{"note":"${text}"}` }));
    expect(await attempt('ä'.repeat(50))).toMatchObject({ kind: 'delivered' });
    expect(await attempt('ä'.repeat(300))).toMatchObject({
      kind: 'rejected',
      status: null,
      error: {
        code: 'BODY_TOO_LARGE',
        message: expect.stringMatching(/^The body has \d+ bytes, and maxBodyBytes is 600: leave/),
      },
    });
    expect(receiver.requests).toHaveLength(1);
  });
});
