import { HTTP, type CloudEvent } from 'cloudevents';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StoredTrigger } from '../../../lib/pipeline/attach/stored-trigger.js';
import { BundleRoom } from '../../../lib/pipeline/deliver/bundle.js';
import { EventDeliverer } from '../../../lib/pipeline/deliver/event-deliverer.js';
import { eventId } from '../../../lib/pipeline/deliver/event-id.js';
import { Gathering } from '../../../lib/pipeline/deliver/gathering.js';
import type { Outcome } from '../../../lib/pipeline/deliver/outcome.js';
import { WebhookClient } from '../../../lib/pipeline/deliver/webhook-client.js';
import type { ClaimedEvent, EventNumber } from '../../../lib/pipeline/event.js';
import { startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { LANES } from '../support/lanes.js';
import { destinationOf, event } from '../support/trigger.js';

const KEY = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const EVENTS = [1, 2, 3].map((number) =>
  event({ number: String(number) as EventNumber, new: `{"id":${number}}` }),
);
const IDS = EVENTS.map((one) => eventId(7, one));
const kindOf = ({ kind, status }: Outcome) => [kind, status];

describe.each(LANES)('a bundle that is sent %s', (_, makeInstance) => {
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

  const deliver = (events: readonly ClaimedEvent[] = EVENTS, more: Partial<StoredTrigger> = {}) =>
    deliverer.deliverBundle(
      destinationOf({ webhook: receiver.url, bundle: { size: 100, within: 0 }, ...more }),
      events,
    );

  it('is one request with the payloads as a list, each with its own id', async () => {
    const { whole, each } = await deliver();
    expect([whole, ...each].map(kindOf)).toEqual(Array(4).fill(['delivered', 200]));
    expect(receiver.requests).toHaveLength(1);
    const [{ body, headers } = { body: '', headers: {} }] = receiver.requests;
    expect(JSON.parse(body)).toMatchObject(
      IDS.map((id, place) => ({ id, event: { op: 'INSERT', data: { new: { id: place + 1 } } } })),
    );
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'event-triggers-bundle': '3',
      'event-triggers-name': 'orders_all',
    });
    expect(headers, 'attempts differ by event').not.toHaveProperty('event-triggers-attempt');
    expect(headers).not.toHaveProperty('event-triggers-redelivery');
  });

  it('is signed as a whole, under an id that is the same for the same events', async () => {
    const signingKeys = [{ key: KEY, until: null }];
    await deliver(EVENTS, { signingKeys });
    await deliver(EVENTS, { signingKeys });
    await deliver(EVENTS.slice(1), { signingKeys });
    const ids = receiver.requests.map(({ body, headers }) => {
      expect(new Webhook(KEY).verify(body, headers as Record<string, string>)).toHaveLength(
        (JSON.parse(body) as unknown[]).length,
      );
      return headers['webhook-id'];
    });
    expect(ids[0]).toMatch(/^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  it('says that somebody asked for its events again', async () => {
    await deliver(EVENTS.map((one) => event({ ...one, redelivered: true })));
    expect(receiver.requests[0]!.headers).toMatchObject({ 'event-triggers-redelivery': 'true' });
  });

  it.each(['cloudevents', 'cloudevents-structured'] as const)(
    'of %s is a batch to the official library',
    async (format) => {
      await deliver(EVENTS, { format });
      const read = HTTP.toEvent(receiver.requests[0]!) as CloudEvent<unknown>[];
      expect(read.map((one) => [one.validate(), one.id, one.data])).toEqual(
        IDS.map((id, place) => [
          true,
          id,
          { new: { id: place + 1 }, old: null, session_variables: null },
        ]),
      );
    },
  );

  it.each<[string, number, string, [string, number][]]>([
    ['a failure fails all', 500, '{"statuses":{}}', Array(3).fill(['retry', 500])],
    ['any text of a success is a success', 200, 'thanks', Array(3).fill(['delivered', 200])],
    ['a success without statuses too', 200, '{"ok":true}', Array(3).fill(['delivered', 200])],
    ['and one that is no JSON', 200, '{ statuses: no }', Array(3).fill(['delivered', 200])],
    [
      'a success may name those with another status',
      207,
      JSON.stringify({ statuses: { [IDS[0]!]: 503, [IDS[2]!]: 201, other: 500 } }, null, 2),
      [
        ['retry', 503],
        ['delivered', 207],
        ['delivered', 201],
      ],
    ],
    [
      'one that is gone or too large is a dead letter, and the others are not',
      200,
      JSON.stringify({ statuses: { [IDS[0]!]: 410, [IDS[1]!]: 413 } }),
      [
        ['rejected', 410],
        ['rejected', 413],
        ['delivered', 200],
      ],
    ],
    [
      'what is no status counts as a failure',
      200,
      JSON.stringify({ statuses: { [IDS[0]!]: 'failed', [IDS[1]!]: 7 } }),
      [
        ['retry', 500],
        ['retry', 500],
        ['delivered', 200],
      ],
    ],
  ])('comes to what the answer says: %s', async (_name, status, body, expected) => {
    receiver.respondWith({ status, body });
    const { whole, each } = await deliver();
    expect(each.map(kindOf)).toEqual(expected);
    expect(kindOf(whole)).toEqual([status < 300 ? 'delivered' : 'retry', status]);
  });

  it('is not taken for delivered where the answer is too long to be read', async () => {
    const statuses = Object.fromEntries(Array.from({ length: 2_000 }, (_one, id) => [id, 200]));
    receiver.respondWith({ body: JSON.stringify({ statuses: { ...statuses, [IDS[2]!]: 500 } }) });
    const { each } = await deliver(EVENTS, { bundle: { size: 3, within: 0 } });
    expect(each.map(({ kind, error }) => [kind, error?.code])).toEqual(
      Array(3).fill(['retry', 'ANSWER_TOO_LONG']),
    );
  });

  it('of a thousand is read to the end of an answer that names each', async () => {
    const events = Array.from({ length: 1_000 }, (_one, number) =>
      event({ number: String(number) as EventNumber }),
    );
    receiver.respondWith(({ body }) => {
      const ids = (JSON.parse(body) as { id: string }[]).map(({ id }) => [id, 503]);
      return { body: JSON.stringify({ statuses: Object.fromEntries(ids) }, null, 4) };
    });
    const { each } = await deliver(events, { bundle: { size: 1_000, within: 0 } });
    expect(new Set(each.map(({ kind }) => kind))).toEqual(new Set(['retry']));
  });

  it('leaves out an event of which no body can be made', async () => {
    const broken = event({ new: '["no row"]' });
    const insert = { payload: ['id'] };
    const { each } = await deliver([EVENTS[0]!, broken, EVENTS[2]!], { insert });
    expect(each.map(({ kind, error }) => [kind, error?.code])).toEqual([
      ['delivered', undefined],
      ['rejected', 'UNDELIVERABLE'],
      ['delivered', undefined],
    ]);
    expect(JSON.parse(receiver.requests[0]!.body)).toHaveLength(2);
    const { whole } = await deliver([broken], { insert });
    expect(kindOf(whole)).toEqual(['rejected', null]);
    expect(receiver.requests, 'nothing is left to be sent').toHaveLength(1);
  });

  it('fails as a whole where nobody answers', async () => {
    await receiver.close();
    const { whole, each } = await deliver();
    expect([whole, ...each].map(({ error }) => error?.code)).toEqual(Array(4).fill('ECONNREFUSED'));
  });
});

describe('the room of a request', () => {
  const taken = (size: number, bytes: number, events: ClaimedEvent[]): number => {
    const room = new BundleRoom(size, bytes);
    const first = events.findIndex((one) => !room.takes(one));
    return first === -1 ? events.length : first;
  };
  const fresh = Array.from({ length: 20 }, () => event());

  it('has as many places as its size', () => {
    expect(taken(8, 1e6, fresh)).toBe(8);
  });

  it.each([
    [1, 4],
    [2, 2],
    [3, 1],
    [9, 1],
  ])('of 8 has after %i failures of one of them %i', (attemptsBefore, places) => {
    const failed = event({ attemptsBefore });
    expect(taken(8, 1e6, [failed, ...fresh]), 'when it comes first').toBe(places);
    expect(taken(8, 1e6, [event(), failed, ...fresh]), 'when it comes second').toBe(
      Math.max(1, places),
    );
  });

  it('has those that somebody asked for again, or the others, and never both', () => {
    const again = event({ redelivered: true });
    expect(taken(8, 1e6, [event(), event(), again, event()])).toBe(2);
    expect(taken(8, 1e6, [again, again, again, event()])).toBe(3);
  });

  it('has no place for what would make the body too large, but for the first in any case', () => {
    const large = event({ new: JSON.stringify({ text: 'ä'.repeat(2_000) }) });
    expect(taken(8, 13_000, [large, large, large])).toBe(2);
    expect(taken(8, 100, [large, large])).toBe(1);
  });
});

describe('gathering', () => {
  it('ends when a request is full, or the first has waited long enough', () => {
    const gathering = new Gathering({ size: 3, within: 50 });
    expect(gathering.opensIn(1, 1_000)).toBe(50);
    expect(gathering.opensIn(2, 1_030)).toBe(20);
    expect(gathering.opensIn(3, 1_031)).toBe(0);
    expect(gathering.opensIn(2, 1_051)).toBe(0);
    gathering.sent();
    expect(gathering.opensIn(1, 2_000), 'what comes later has its own time').toBe(50);
  });

  it('takes no time where none is given', () => {
    expect(new Gathering({ size: 3, within: 0 }).opensIn(1, 1_000)).toBe(0);
  });
});
