import type { EventState, Operation } from './answers.js';
import { addressOf } from './route.js';

/** What the list of events is filtered by, as the address has it. */
export interface EventFilterDraft {
  readonly trigger: string;
  readonly states: readonly EventState[];
  readonly operation: Operation | '';
  readonly key: string;
  /** A JSON path that has to find something in the old and the new row. */
  readonly path: string;
  /** How long ago the change may be, such as `1h`; empty where `from` and `to` say it. */
  readonly span: string;
  readonly from: string;
  readonly to: string;
  /** Where the page before ended; empty for the newest events. */
  readonly after: string;
}

export const STATES: readonly EventState[] = [
  'waiting',
  'in-flight',
  'retrying',
  'parked',
  'delivered',
  'dead',
  'cancelled',
  'closed',
];

export const OPERATIONS: readonly Operation[] = [
  'INSERT',
  'UPDATE',
  'DELETE',
  'TRUNCATE',
  'MANUAL',
];

/** In minutes. */
export const SPANS: Readonly<Record<string, number>> = {
  '15m': 15,
  '1h': 60,
  '24h': 1_440,
  '7d': 10_080,
};

const MINUTE = 60_000;
/** As many as are read at a glance and a scroll. */
const PAGE = 50;

export function eventFilterOf(query: URLSearchParams): EventFilterDraft {
  const text = (name: string): string => query.get(name) ?? '';
  const operation = OPERATIONS.find((one) => one === query.get('operation')) ?? '';
  return {
    trigger: text('trigger'),
    states: STATES.filter((state) => query.getAll('state').includes(state)),
    operation,
    key: text('key'),
    path: text('path'),
    span: text('span') in SPANS ? text('span') : '',
    from: text('from'),
    to: text('to'),
    after: text('after'),
  };
}

/** The address of a list; another filter begins with the newest events. */
export function eventsAddress(filter: Partial<EventFilterDraft>): string {
  const { states, ...others } = filter;
  return addressOf(['events'], { state: states, ...others });
}

/** Whether anything but the page is chosen. */
export const isFiltered = (filter: EventFilterDraft): boolean =>
  Object.values({ ...filter, after: '' }).some((value) => value.length > 0);

/** What the server is asked. */
export function eventQueryOf(filter: EventFilterDraft, now: number): URLSearchParams {
  const query = new URLSearchParams({ limit: String(PAGE) });
  const add = (name: string, value: string): void => {
    if (value !== '') query.append(name, value);
  };
  const minutes = SPANS[filter.span];
  add('trigger', filter.trigger);
  for (const state of filter.states) add('state', state);
  add('operation', filter.operation);
  add('key', filter.key);
  add('path', filter.path);
  add('from', minutes === undefined ? filter.from : new Date(now - minutes * MINUTE).toISOString());
  add('to', filter.to);
  add('after', filter.after);
  return query;
}
