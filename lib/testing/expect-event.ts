import type { EventTriggerPayload, Operation } from '../pipeline/event.js';
import type { FakeReceiver, ReceivedRequest } from './fake-receiver.js';

/** What an event has to have; what is left out may be anything, also of rows. */
export interface ExpectedEvent {
  readonly trigger?: string;
  readonly op?: Operation;
  /** The name of the table. */
  readonly table?: string;
  readonly new?: object | null;
  readonly old?: object | null;
}

export interface ExpectEventOptions {
  /** Milliseconds. Default: 10 s. */
  readonly timeout?: number;
}

const TIMEOUT_MS = 10_000;

/**
 * The first event of this kind that the receiver has got or gets in time, alone in a request or among others.
 *
 * @throws Error that says what came instead
 *
 * @example
 * await orders.save({ email: 'ada@example.com' });
 * const { event } = await expectEvent(receiver, { trigger: 'order_created', new: { email: 'ada@example.com' } });
 */
export async function expectEvent<Row = Record<string, unknown>>(
  receiver: FakeReceiver,
  expected: ExpectedEvent,
  { timeout = TIMEOUT_MS }: ExpectEventOptions = {},
): Promise<EventTriggerPayload<Row>> {
  const wanted = (payload: EventTriggerPayload): boolean => hasAll(described(payload), expected);
  try {
    const request = await receiver.waitFor((one) => payloadsIn(one).some(wanted), timeout);
    return payloadsIn(request).find(wanted) as EventTriggerPayload<Row>;
  } catch (cause) {
    const came = receiver.requests.flatMap(payloadsIn).map((one) => JSON.stringify(described(one)));
    const list = came.length === 0 ? 'no event came' : `these came:\n  ${came.join('\n  ')}`;
    throw new Error(
      `Expected an event with ${JSON.stringify(expected)} within ${timeout} ms, but ${list}`,
      { cause },
    );
  }
}

const described = ({ trigger, event, table }: EventTriggerPayload): ExpectedEvent => ({
  trigger: trigger.name,
  op: event.op,
  table: table.name,
  new: event.data.new,
  old: event.data.old,
});

/** None where the body is none of Hasura's. */
function payloadsIn({ body }: ReceivedRequest): EventTriggerPayload[] {
  try {
    const payloads = [JSON.parse(body) as EventTriggerPayload].flat();
    return payloads.filter(({ trigger, event }) => Boolean(trigger && event));
  } catch {
    return [];
  }
}

function hasAll(value: unknown, expected: unknown): boolean {
  if (typeof expected !== 'object' || expected === null) return Object.is(value, expected);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(expected).every(
    ([name, part]) => part === undefined || hasAll((value as Record<string, unknown>)[name], part),
  );
}
