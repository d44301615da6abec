import type { INestApplicationContext } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startApplication } from '../support/application.js';
import { payloadIn } from '../support/payload.js';
import {
  startFakeReceiver,
  type ReceivedRequest,
  type FakeReceiver,
} from 'nestjs-event-triggers/testing';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';
const TRACEPARENT = `00-${TRACE_ID}-${SPAN_ID}-01`;
const SESSION = { 'x-hasura-user-id': '7', 'x-hasura-role': 'cook' };

/** What says that a writer left nothing behind, or nothing of use. */
const NOTHING = { session: null, trace: null, traceparent: undefined };

describe('what a writer says about itself in its transaction', () => {
  let database: TestDatabase;
  let receiver: FakeReceiver;
  let application: INestApplicationContext;

  beforeEach(async () => {
    receiver = await startFakeReceiver();
    database = await createTestDatabase();
    await database.query('create table orders (id int primary key)');
    application = await boot();
  });

  afterEach(async () => {
    await application.close();
    await receiver.close();
    await database.drop();
  });

  const boot = () =>
    startApplication({
      database,
      eventTriggers: {
        triggers: [{ name: 'order_created', table: 'orders', insert: true, webhook: receiver.url }],
      },
    });

  /** Transactions one after the other in one session, each with the settings that it gets, each inserting its number. */
  const writeWith = async (...transactions: Record<string, string>[]): Promise<void> => {
    const writer = await database.client();
    for (const [place, settings] of transactions.entries()) {
      await writer.query('begin');
      for (const [name, value] of Object.entries(settings)) {
        await writer.query('select set_config($1, $2, true)', [name, value]);
      }
      await writer.query('insert into orders values ($1)', [place]);
      await writer.query('commit');
    }
  };

  const contextOf = (request: ReceivedRequest) => {
    const { session_variables, trace_context } = payloadIn(request).event;
    const { traceparent } = request.headers;
    return { session: session_variables, trace: trace_context, traceparent };
  };

  const contextsByOrder = async (count: number) => {
    const requests = await receiver.waitFor(count);
    return new Map(
      requests.map((request) => [
        Number(payloadIn(request).event.data.new?.['id']),
        contextOf(request),
      ]),
    );
  };

  const ours = {
    'event_triggers.session_variables': JSON.stringify(SESSION),
    'event_triggers.traceparent': TRACEPARENT,
  };

  it('goes along in the body and as a header, and ends with the transaction', async () => {
    await writeWith(ours, {});

    const contexts = await contextsByOrder(2);

    expect(contexts.get(0), 'what the writer set').toEqual({
      session: SESSION,
      trace: { trace_id: TRACE_ID, span_id: SPAN_ID, sampling_state: '1' },
      traceparent: TRACEPARENT,
    });
    expect(contexts.get(1), 'the next transaction of the session').toEqual(NOTHING);
  });

  it('goes along with every attempt', async () => {
    receiver.respondWith((_request, index) => ({ status: index < 2 ? 503 : 200 }));
    await writeWith(ours);

    const requests = await receiver.waitFor(3);

    const first = contextOf(requests[0]!);
    expect(first, 'the first attempt').toMatchObject({
      session: SESSION,
      traceparent: TRACEPARENT,
    });
    expect(requests.map(contextOf), 'the same three times').toEqual([first, first, first]);
  });

  it('is read under the names of Hasura too, in a database of Hasura and where ours are not set', async () => {
    await application.close();
    await database.query('create schema hdb_catalog');
    application = await boot();
    const theirs = {
      'hasura.user': '{"x-hasura-user-id":"8"}',
      'hasura.tracecontext': `{"trace_id":"${TRACE_ID}","span_id":"${SPAN_ID}"}`,
    };
    await writeWith(theirs, { ...theirs, ...ours });

    const contexts = await contextsByOrder(2);

    expect(contexts.get(0), 'what was set under the names of Hasura').toEqual({
      session: { 'x-hasura-user-id': '8' },
      trace: { trace_id: TRACE_ID, span_id: SPAN_ID },
      traceparent: undefined,
    });
    expect(contexts.get(1), 'ours come first').toMatchObject({
      session: SESSION,
      traceparent: TRACEPARENT,
    });
  });

  it('is ignored where it makes no sense, and the event is delivered', async () => {
    const sessions = ['not json', '[1]', '"text"', '{"open":', '{"a":1} {"b":2}'];
    const traces = [
      'not a trace',
      TRACEPARENT.slice(0, -1),
      TRACEPARENT.toUpperCase(),
      `00-${'0'.repeat(32)}-${SPAN_ID}-01`,
      `${TRACEPARENT}\r\nx-smuggled: yes`,
      `${TRACEPARENT}\n`,
      '{"trace_id":"only"}',
      'é',
    ];
    await writeWith(
      ...sessions.map((session) => ({ 'event_triggers.session_variables': session })),
      ...traces.map((trace) => ({ 'event_triggers.traceparent': trace })),
    );

    const contexts = await contextsByOrder(sessions.length + traces.length);

    for (const [place, value] of [...sessions, ...traces].entries()) {
      expect(contexts.get(place), `what becomes of ${JSON.stringify(value)}`).toEqual(NOTHING);
    }
    expect(
      receiver.requests.filter(({ headers }) => 'x-smuggled' in headers),
      'requests with a header that a writer smuggled in',
    ).toEqual([]);
  });
});
