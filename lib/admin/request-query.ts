import { EventTriggersError } from '../event-triggers.errors.js';
import { suggestion } from '../nearest-name.js';
import type { EventFilter, EventState } from '../pipeline/retry/event-filter.js';
import type { Operation } from '../pipeline/event.js';

/** A request of Express, which may have cut its `url`, or of Fastify. */
export interface HostRequest {
  readonly url: string;
  readonly originalUrl?: string;
}

/** Read from the URL itself: hosts set up parsers that know no repeated names, or too many. */
export function queryOf(request: HostRequest, known: readonly string[]): URLSearchParams {
  const { searchParams } = new URL(request.originalUrl ?? request.url, 'http://localhost');
  const stranger = [...searchParams.keys()].find((name) => !known.includes(name));
  if (stranger === undefined) return searchParams;
  throw new EventTriggersError(
    'ET_INVALID_REQUEST',
    `"${stranger}" is not a parameter here; ${suggestion(stranger, known)}`,
  );
}

export const EVENT_PARAMETERS = [
  'trigger',
  'state',
  'operation',
  'key',
  'path',
  'from',
  'to',
  'limit',
  'after',
];

/** The service looks at the values. */
export function eventFilterOf(request: HostRequest): EventFilter {
  const query = queryOf(request, EVENT_PARAMETERS);
  const one = <Value>(name: string, read: (text: string) => Value): Value | undefined => {
    const text = query.get(name);
    return text === null || text === '' ? undefined : read(text);
  };
  const several = (name: string): string[] | undefined => {
    const texts = query.getAll(name).filter((text) => text !== '');
    return texts.length === 0 ? undefined : texts;
  };
  const asTime = (text: string): Date => new Date(text);
  return {
    trigger: several('trigger'),
    state: several('state') as EventState[] | undefined,
    operation: several('operation') as Operation[] | undefined,
    key: query.get('key') ?? undefined,
    path: one('path', String),
    from: one('from', asTime),
    to: one('to', asTime),
    limit: one('limit', Number),
    after: one('after', String),
  };
}
