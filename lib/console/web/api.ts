import type {
  DeadLetterGroups,
  Definition,
  EventOnPage,
  EventPage,
  Redelivery,
  RedeliveryLine,
  Statistics,
  TableColumn,
  TableName,
  Trigger,
} from './answers.js';
import { HOME } from './home.js';
import { jsonLines } from './lines.js';
import { problemFrom } from './problem.js';
import { chunksOf } from './stream-chunks.js';

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';
type WhenRemoved = 'keep' | 'drain' | 'purge';

/** No other site can make a browser send it without asking first. */
const OF_THIS_PAGE = { 'x-requested-with': 'event-triggers' };

async function send(
  method: Method,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Response> {
  const headers: Record<string, string> = method === 'GET' ? {} : { ...OF_THIS_PAGE };
  if (body !== undefined) headers['content-type'] = 'application/json';
  const response = await fetch(new URL(`api/${path}`, HOME), {
    method,
    headers,
    cache: 'no-store',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
  if (response.ok) return response;
  throw problemFrom(response.status, response.statusText, await response.text());
}

async function call<Answer>(
  method: Method,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Answer> {
  const response = await send(method, path, body, signal);
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as Answer;
}

const get = <Answer>(path: string, signal?: AbortSignal): Promise<Answer> =>
  call<Answer>('GET', path, undefined, signal);
const of = (name: string): string => `triggers/${encodeURIComponent(name)}`;

export const listTriggers = async (signal?: AbortSignal): Promise<Trigger[]> =>
  (await get<{ triggers: Trigger[] }>('triggers', signal)).triggers;

export const getTrigger = (name: string, signal?: AbortSignal): Promise<Trigger> =>
  get(of(name), signal);

export const createTrigger = (definition: Definition): Promise<Trigger> =>
  call('POST', 'triggers', definition);

export const previewTrigger = (definition: Definition): Promise<{ statements: string[] }> =>
  call('POST', 'triggers/preview', definition);

/** @param changes null takes an option back to its default */
export const updateTrigger = (name: string, changes: object): Promise<Trigger> =>
  call('PATCH', of(name), changes);

export const deleteTrigger = (
  name: string,
  whenRemoved: WhenRemoved,
): Promise<{ waiting: number }> => call('DELETE', `${of(name)}?whenRemoved=${whenRemoved}`);

export const switchTrigger = (
  name: string,
  action: 'pause' | 'resume' | 'pause-capture' | 'resume-capture',
): Promise<{ missed?: { from: string; to: string } | null }> =>
  call('POST', `${of(name)}/${action}`, {});

export const invokeTrigger = (name: string, payload: unknown): Promise<{ id: string }> =>
  call('POST', `${of(name)}/invoke`, { payload });

/** @param confirm how many the caller has seen to wait; without it they are only counted */
export const purgeTrigger = (name: string, confirm?: number): Promise<{ waiting: number }> =>
  call('POST', `${of(name)}/purge`, confirm === undefined ? {} : { confirm });

export const listEvents = (query: URLSearchParams, signal?: AbortSignal): Promise<EventPage> =>
  get(`events?${query}`, signal);

export const getEvent = (id: string, signal?: AbortSignal): Promise<EventOnPage> =>
  get(`events/${encodeURIComponent(id)}`, signal);

export const redeliverEvent = (id: string): Promise<unknown> =>
  call('POST', `events/${encodeURIComponent(id)}/redeliver`, {});

export const cancelEvent = (
  id: string,
): Promise<{ state: 'cancelled' | 'in-flight' | 'delivered' }> =>
  call('POST', `events/${encodeURIComponent(id)}/cancel`, {});

export const deadLetters = (signal?: AbortSignal): Promise<DeadLetterGroups> =>
  get('dead-letters', signal);

export const countRedelivery = async (filter: Redelivery, signal?: AbortSignal): Promise<number> =>
  (await call<{ events: number }>('POST', 'redeliveries', { ...filter, dryRun: true }, signal))
    .events;

/** Sends again, and tells how far it is. Aborting ends it; what was handed over is sent. */
export async function* redeliver(
  filter: Redelivery,
  signal: AbortSignal,
): AsyncGenerator<RedeliveryLine> {
  const { body } = await send('POST', 'redeliveries', filter, signal);
  if (body !== null) yield* jsonLines<RedeliveryLine>(chunksOf(body));
}

export const statistics = (minutes: number, signal?: AbortSignal): Promise<Statistics> =>
  get(`statistics?minutes=${minutes}`, signal);

export const listTables = async (signal?: AbortSignal): Promise<TableName[]> =>
  (await get<{ tables: TableName[] }>('tables', signal)).tables;

export const listColumns = async (
  { schema, name }: TableName,
  signal?: AbortSignal,
): Promise<TableColumn[]> =>
  (
    await get<{ columns: TableColumn[] }>(
      `tables/${encodeURIComponent(schema)}/${encodeURIComponent(name)}`,
      signal,
    )
  ).columns;
