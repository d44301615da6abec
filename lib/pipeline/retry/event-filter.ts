import { EventTriggersError } from '../../event-triggers.errors.js';
import { suggestion } from '../../nearest-name.js';
import { isoOf } from '../deliver/created-at.js';
import { OPERATIONS, type Operation } from '../event.js';

/**
 * Where an event is. `waiting`: not attempted yet. `in-flight`: a replica has it in hand. `retrying`: it waits for
 * another attempt. `parked`: it waits for an earlier event of its key. `closed`: nothing is owed, and no success of it is
 * in the attempt log: it was purged, or its attempts are older than `retention.attempts`.
 */
export type EventState = (typeof EVENT_STATES)[number];

const EVENT_STATES = [
  'waiting',
  'in-flight',
  'retrying',
  'parked',
  'delivered',
  'dead',
  'cancelled',
  'closed',
] as const;

/** Which events to list. Times are those of the change. */
export interface EventFilter {
  /** Of one of these triggers. Default: of all of the application, also removed ones. */
  readonly trigger?: string | readonly string[];
  readonly state?: EventState | readonly EventState[];
  readonly operation?: Operation | readonly Operation[];
  /** The row's key as text, as `key` of an event has it. */
  readonly key?: string;
  /**
   * A JSON path of Postgres that has to find something in `{ "old": …, "new": … }`, the rows as they were captured. What
   * Postgres cannot hold as `jsonb` is not found. It narrows what the rest of the filter finds.
   *
   * @example
   * path: '$.new ? (@.total > 100 && @.status == "open")'
   */
  readonly path?: string;
  readonly from?: Date;
  /** Not included. */
  readonly to?: Date;
  /** Events of a page, from 1 to 500. Default: 50. */
  readonly limit?: number;
  /** Where a page before ended: its `next`. */
  readonly after?: string;
}

const DEFAULT_LIMIT = 50;
const MOST_OF_A_PAGE = 500;
/** Told apart in some thirty milliseconds; a filter that matches few goes on with the next page. */
const MOST_LOOKED_AT = 1_000;
/** A place in the list: a number and a time, to the microsecond. */
const PLACE = /^(\d{1,16})_(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)$/;

/** Which tables hold the events of a state. */
const SOURCES: Readonly<Record<EventState, readonly string[]>> = {
  waiting: ['log', 'retry'],
  'in-flight': ['log', 'retry'],
  retrying: ['retry'],
  parked: ['retry'],
  delivered: ['log'],
  dead: ['dead'],
  cancelled: ['log'],
  closed: ['log'],
};
const ALL_SOURCES = ['log', 'retry', 'dead'];

/** A place in the list of events: behind the event with this number that was captured at this time. */
export interface EventListPlace {
  readonly number: string;
  readonly createdAt: string;
}

/** A filter that was looked at. */
export interface EventQuery {
  readonly states: readonly EventState[] | null;
  readonly operations: readonly Operation[] | null;
  readonly sources: readonly string[];
  readonly place: EventListPlace | null;
  readonly limit: number;
  /** Events that are looked at, to find so many. */
  readonly lookAt: number;
}

/** @throws EventTriggersError `ET_INVALID_FILTER` */
export function eventQuery(filter: EventFilter): EventQuery {
  const limit = checkedLimit(filter.limit);
  const states = chosen('state', filter.state, EVENT_STATES);
  const operations = chosen('operation', filter.operation, OPERATIONS);
  checkTime('from', filter.from);
  checkTime('to', filter.to);
  const isSelective =
    states !== null || operations !== null || filter.key !== undefined || filter.path !== undefined;
  return {
    states,
    operations,
    sources: states === null ? ALL_SOURCES : states.flatMap((state) => SOURCES[state]),
    place: placeAfter(filter.after),
    limit,
    lookAt: isSelective ? MOST_LOOKED_AT : limit,
  };
}

/** What `after` of the next page is. */
export const placeText = ({ number, createdAt }: EventListPlace): string =>
  `${number}_${isoOf(createdAt)}`;

function placeAfter(text: string | undefined): EventListPlace | null {
  if (text === undefined) return null;
  const [, number, createdAt] = PLACE.exec(text) ?? [];
  if (number !== undefined && createdAt !== undefined) return { number, createdAt };
  throw invalidFilter(`after cannot be "${text}"`, 'Give what next of the page before says.');
}

function checkedLimit(limit = DEFAULT_LIMIT): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MOST_OF_A_PAGE) return limit;
  throw invalidFilter(
    `limit cannot be ${limit}`,
    `A page has from 1 to ${MOST_OF_A_PAGE} events; go on with next.`,
  );
}

function checkTime(name: string, time: Date | undefined): void {
  if (time === undefined || (time instanceof Date && !Number.isNaN(time.getTime()))) return;
  throw invalidFilter(`${name} cannot be "${String(time)}"`, 'Give a Date that is valid.');
}

function chosen<Value extends string>(
  name: string,
  wanted: Value | readonly Value[] | undefined,
  known: readonly Value[],
): readonly Value[] | null {
  if (wanted === undefined) return null;
  const values = [wanted].flat() as Value[];
  const unknown = values.find((value) => !known.includes(value));
  if (unknown === undefined) return values;
  throw invalidFilter(`${name} cannot be "${unknown}"; ${suggestion(unknown, known)}`);
}

export const invalidPath = (path: string, cause: unknown): EventTriggersError =>
  new EventTriggersError(
    'ET_INVALID_FILTER',
    `Events cannot be listed: path cannot be "${path}": ${(cause as Error).message}`,
    { hint: 'Give a JSON path such as $.new ? (@.total > 100).', cause },
  );

const invalidFilter = (problem: string, hint?: string): EventTriggersError =>
  new EventTriggersError('ET_INVALID_FILTER', `Events cannot be listed: ${problem}`, { hint });
