import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveRetry } from '../../../lib/retry.options.js';
import type { TriggerId } from '../../../lib/pipeline/event.js';
import type { Decision } from '../../../lib/pipeline/record/attempt.js';
import { ApplicationEvents } from '../../../lib/pipeline/retry/application-events.js';
import type { EventFilter } from '../../../lib/pipeline/retry/event-filter.js';
import { EventList, type EventPage } from '../../../lib/pipeline/retry/event-list.js';
import { EventOperations } from '../../../lib/pipeline/retry/event-operations.js';
import type { EventDetails, EventSummary } from '../../../lib/pipeline/retry/event-summary.js';
import { APPLICATION, createEngine, type Engine } from '../support/engine.js';
import { runOn } from '../support/run-on.js';
import { attemptsAtEvents, openBatch, TestDispatcher } from '../support/test-dispatcher.js';

const DELIVERED: Decision = { kind: 'delivered' };
const AT_ONCE: Decision = { kind: 'retry', delay: 0 };
const LATER: Decision = { kind: 'retry', delay: 3_600_000 };
const DEAD: Decision = { kind: 'dead', reason: 'exhausted' };
const PARKED: Decision = { kind: 'parked' };
/** One more than a page looks at. */
const MORE_THAN_A_LOOK = 1_001;

describe('the list of events', () => {
  let engine: Engine;
  let list: EventList;
  let operations: EventOperations;
  let dispatcher: TestDispatcher;

  beforeEach(async () => {
    engine = await createEngine();
    const events = new ApplicationEvents(runOn(engine), engine.schema, APPLICATION);
    list = new EventList(events, engine.schema, { secretHeader: 'x-secret', signs: true });
    operations = new EventOperations(events, engine.schema);
    dispatcher = await TestDispatcher.start(engine);
  });
  afterEach(() => engine.drop());

  /** Claims what waits of a stream and records these decisions, in the order of the log. */
  async function work(stream: TriggerId, ...decisions: Decision[]): Promise<void> {
    const { batches } = await dispatcher.claim(stream);
    const batch = openBatch(batches[0]!);
    await dispatcher.record(
      decisions.flatMap((decision, place) =>
        attemptsAtEvents([batches[0]!.events[place]!], decision, batch, true),
      ),
    );
  }

  /** All of it, by pages. */
  async function all(filter: EventFilter = {}): Promise<EventSummary[]> {
    const found: EventSummary[] = [];
    for (let after: string | undefined; ;) {
      const page: EventPage = await list.page({ ...filter, ...(after !== undefined && { after }) });
      found.push(...page.events);
      if (page.next === null) return found;
      after = page.next;
    }
  }

  const numberIn = ({ event }: EventDetails): number => (event.data.new as { n: number }).n;
  const numbers = async (events: readonly EventSummary[]): Promise<number[]> =>
    Promise.all(events.map(async ({ id }) => numberIn(await list.details(id))));
  const told = async (filter: EventFilter = {}): Promise<[number, string][]> => {
    const events = await all(filter);
    const found = await numbers(events);
    return events.map(({ state }, place) => [found[place]!, state]);
  };

  it('is narrowed by what stands in the rows, wherever they are kept', async () => {
    const stream = await engine.addStream();
    await engine.emit(stream, 5);
    await work(stream, DELIVERED, LATER, DEAD, DELIVERED, DELIVERED);
    // Retries and dead letters carry their rows, and are found after the log has let go of them.
    await engine.database.query(
      `delete from ${engine.schema}.event where new ->> 'n' in ('2', '3')`,
    );

    expect(await told({ path: '$.new ? (@.n >= 2 && @.n < 5)' })).toEqual([
      [4, 'delivered'],
      [3, 'dead'],
      [2, 'retrying'],
    ]);
    expect(await told({ path: '$.new.n ? (@ > 3)', state: 'delivered' })).toEqual([
      [5, 'delivered'],
      [4, 'delivered'],
    ]);
    expect(await told({ path: '$.old.n' }), 'of inserts there is no old row').toEqual([]);
  });

  it('passes over rows that Postgres cannot read as jsonb', async () => {
    const stream = await engine.addStream();
    await engine.emit(stream, 3);
    await engine.database.query(
      `update ${engine.schema}.event
          set new = case new ->> 'n' when '1' then '{"n":1,"t":"\\u0000"}' when '2' then '{"n":1e999999}' else new end`,
    );

    expect(await told({ path: '$.new.n' })).toEqual([[3, 'waiting']]);
  });

  it('shows the request of the last attempt, without what is secret', async () => {
    const stream = await engine.addStream({
      content: {
        webhook: 'https://example.com/{{PLACE}}',
        headers: [
          { name: 'x-literal', value: 'a secret' },
          { name: 'x-variable', valueFromEnv: 'TOKEN' },
        ],
        sendSecret: true,
        insert: { payload: ['n'] },
        retry: resolveRetry({ attempts: 3 }),
      },
    });
    await engine.emit(stream, 1);
    await engine.database.query(
      `update ${engine.schema}.event set created_at = date_trunc('second', created_at) + interval '120 milliseconds'`,
    );
    await work(stream, LATER);
    const [{ id }] = (await all()) as [EventSummary];

    const { request, createdAt } = await list.details(id);

    expect(request).toMatchObject({
      url: 'https://example.com/{{PLACE}}',
      headers: expect.arrayContaining([
        { name: 'content-type', value: 'application/json' },
        { name: 'x-literal', value: null },
        { name: 'x-variable', value: '{{TOKEN}}' },
        { name: 'x-secret', value: null },
        { name: 'webhook-id', value: id },
        { name: 'webhook-signature', value: null },
        { name: 'event-triggers-attempt', value: '1' },
      ]) as unknown,
    });
    expect(JSON.parse(request!.body)).toMatchObject({
      id,
      delivery_info: { current_retry: 0, max_retries: 2 },
      event: { op: 'INSERT', data: { new: { n: 1 }, old: null } },
    });
    const sent = (JSON.parse(request!.body) as { created_at: string }).created_at;
    expect(sent, 'as Postgres prints it').toMatch(/:\d\d\.12Z$/);
    expect(Date.parse(sent)).toBe(createdAt.getTime());
  });

  it('says what is wrong with a path', async () => {
    await expect(list.page({ path: '$.new ? (' })).rejects.toMatchObject({
      code: 'ET_INVALID_FILTER',
      message: expect.stringContaining('syntax error') as string,
    });
  });

  it('tells where each event is', async () => {
    const stream = await engine.addStream({ content: { ordering: 'row' } });
    await engine.emit(stream, 6);
    await engine.database.query(
      `update ${engine.schema}.event set key = case when new ->> 'n' in ('2', '3') then 'a' else new ->> 'n' end`,
    );
    await work(stream, DELIVERED, LATER, PARKED, DEAD, AT_ONCE);
    await dispatcher.claimRetries(1, stream);
    await engine.emit(stream, 2, 7);
    const [, seventh] = await all();
    await operations.cancel(seventh!.id);

    expect(await told()).toEqual([
      [8, 'waiting'],
      [7, 'cancelled'],
      [6, 'in-flight'],
      [5, 'in-flight'],
      [4, 'dead'],
      [3, 'parked'],
      [2, 'retrying'],
      [1, 'delivered'],
    ]);
    for (const state of [
      'waiting',
      'cancelled',
      'dead',
      'parked',
      'retrying',
      'delivered',
    ] as const)
      expect(
        (await told({ state })).map(([, is]) => is),
        `filtered by ${state}`,
      ).toEqual([state]);
    expect(await told({ state: ['in-flight', 'dead'] })).toEqual([
      [6, 'in-flight'],
      [5, 'in-flight'],
      [4, 'dead'],
    ]);

    await operations.purge('stream-1', 3);
    expect(await told({ state: 'closed' }), 'purged').toEqual([
      [8, 'closed'],
      [2, 'closed'],
    ]);
  });

  it('tells what came of the last attempt, and when the next one is due', async () => {
    const stream = await engine.addStream();
    await engine.emit(stream, 2);
    await work(stream, AT_ONCE, DEAD);
    const [retry] = await dispatcher.claimRetries(1, stream);
    await dispatcher.record(attemptsAtEvents([retry!], LATER));

    const [dead, retrying] = await all();
    const inAnHour = Date.now() + 3_600_000;

    expect(dead).toMatchObject({ reason: 'exhausted', attempts: 1, nextAttemptAt: null });
    expect(retrying).toMatchObject({
      trigger: 'stream-1',
      operation: 'INSERT',
      attempts: 2,
      lastAttempt: { number: 2, outcome: 'retry', status: 500, errorCode: null },
      reason: null,
    });
    const due = retrying!.nextAttemptAt!.getTime();
    expect(Math.abs(due - inAnHour), 'milliseconds from an hour').toBeLessThan(60_000);
    const { history } = await list.details(retrying!.id);
    expect(history.map(({ number, outcome }) => [number, outcome])).toEqual([
      [1, 'retry'],
      [2, 'retry'],
    ]);
    expect(history[1]).toMatchObject({ responseHeaders: null, responseBody: null });
    expect(history[1]!.endedAt).toEqual(retrying!.lastAttempt!.endedAt);
  });

  it.each([1, 2, 3, 7, 500])('is the same in pages of %i', async (limit) => {
    const [one, other] = [await engine.addStream(), await engine.addStream()];
    for (let from = 1; from <= 9; from += 2) {
      await engine.emit(one, 1, from);
      await engine.emit(other, 1, from + 1);
    }
    await work(one, DELIVERED, LATER, DEAD);
    expect(await numbers(await all({ limit }))).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    expect(await numbers(await all({ limit, trigger: 'stream-2' }))).toEqual([10, 8, 6, 4, 2]);
    expect(await numbers(await all({ limit, state: ['waiting', 'dead'] }))).toEqual([
      10, 8, 6, 5, 4, 2,
    ]);
  });

  it('goes by operation, key and time of the change', async () => {
    const stream = await engine.addStream();
    await engine.emit(stream, 4);
    await engine.database.query(
      `update ${engine.schema}.event
          set operation = (case when new ->> 'n' in ('1', '2') then 'UPDATE' else 'DELETE' end)::${engine.schema}.operation,
              key = 'k' || (new ->> 'n'),
              created_at = '2026-11-01T00:00:00Z'::timestamptz + ((new ->> 'n') || ' hours')::interval`,
    );
    const at = (hour: number): Date => new Date(Date.UTC(2026, 10, 1, hour));

    expect(await numbers(await all({ operation: 'UPDATE' }))).toEqual([2, 1]);
    expect(await numbers(await all({ key: 'k3' }))).toEqual([3]);
    expect(await numbers(await all({ from: at(2), to: at(4) }))).toEqual([3, 2]);
    expect(await all({ operation: ['INSERT', 'TRUNCATE'] })).toEqual([]);
  });

  it('goes on where a filter found little among thousands', async () => {
    const stream = await engine.addStream();
    await engine.emit(stream);
    await engine.database.query(`update ${engine.schema}.event set key = 'rare'`);
    await engine.emit(stream, MORE_THAN_A_LOOK, 2);

    const first = await list.page({ key: 'rare' });
    expect(first.events).toEqual([]);
    expect(first.next, 'there is more').not.toBeNull();
    const second = await list.page({ key: 'rare', after: first.next! });
    expect(await numbers(second.events)).toEqual([1]);
    expect(second.next).toBeNull();
  });

  it('has retries and dead letters that the event log has let go of', async () => {
    const stream = await engine.addStream();
    await engine.emit(stream, 2);
    await work(stream, LATER, DEAD);
    await engine.database.query(`delete from ${engine.schema}.event`);

    expect(await told()).toEqual([
      [2, 'dead'],
      [1, 'retrying'],
    ]);
  });

  it('tells two events apart that got the same number', async () => {
    const stream = await engine.addStream();
    await engine.emit(stream, 1, 1);
    await work(stream, DELIVERED);
    await engine.emit(stream, 1, 2);
    await engine.database.query(
      `update ${engine.schema}.event set id = (select min(id) from ${engine.schema}.event), created_at = created_at + interval '1 minute'
        where new ->> 'n' = '2'`,
    );

    for (const limit of [1, 50])
      expect((await all({ limit })).map(({ attempts }) => attempts)).toEqual([0, 1]);
    expect(await told()).toEqual([
      [2, 'waiting'],
      [1, 'delivered'],
    ]);
  });

  it('is that of its own application', async () => {
    const foreign = await engine.addStream({ application: 'another' });
    await engine.emit(foreign);
    expect(await all()).toEqual([]);
    await expect(list.page({ trigger: 'stream-1' })).rejects.toMatchObject({
      code: 'ET_UNKNOWN_TRIGGER',
    });
  });

  it.each<[string, EventFilter, string]>([
    ['a limit of 0', { limit: 0 }, 'limit cannot be 0'],
    ['a limit of 501', { limit: 501 }, 'limit cannot be 501'],
    ['a limit of 1.5', { limit: 1.5 }, 'limit cannot be 1.5'],
    ['a place that is none', { after: "1' or true" }, 'after cannot be "1\' or true"'],
    ['a time that is none', { from: new Date('soon') }, 'from cannot be "Invalid Date"'],
    ['a time as text', { to: '2026-11-28' as never }, 'to cannot be "2026-11-28"'],
    [
      'a state that is none',
      { state: 'retryin' as never },
      'state cannot be "retryin"; did you mean "retrying"?',
    ],
    [
      'an operation that is none',
      { operation: ['INSERT', 'INSRT' as never] },
      'operation cannot be "INSRT"; did you mean "INSERT"?',
    ],
  ])('refuses %s', async (_, filter, problem) => {
    await expect(list.page(filter)).rejects.toMatchObject({
      code: 'ET_INVALID_FILTER',
      message: expect.stringContaining(`Events cannot be listed: ${problem}`) as string,
    });
  });

  it('knows no event of an id that is not its own', async () => {
    const stream = await engine.addStream();
    await engine.emit(stream);
    const [event] = await all();
    await engine.database.query(`delete from ${engine.schema}.event`);
    await expect(list.details(event!.id)).rejects.toMatchObject({ code: 'ET_UNKNOWN_EVENT' });
    await expect(list.details('1')).rejects.toMatchObject({ code: 'ET_INVALID_EVENT_ID' });
  });
});
