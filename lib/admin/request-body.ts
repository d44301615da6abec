import type { ClassConstructor } from 'class-transformer';
import { asList, EventTriggersError } from '../event-triggers.errors.js';
import { isBoolean, isOneOf, isText, isWholeNumber, May, problemsOf } from '../validation.js';
import type { RedeliveryFilter } from '../pipeline/retry/event-operations.js';

const isTime = (value: unknown): boolean =>
  typeof value === 'string' && !Number.isNaN(Date.parse(value));
const TIME_RULE = 'be a time such as "2026-11-24T04:11:40Z"';
/** As fast as the database can hand over. */
const MOST_PER_SECOND = 100_000;

/** What to purge. */
export class PurgeBody {
  @May('be how many events wait, as it was counted', isWholeNumber(0, Number.MAX_SAFE_INTEGER))
  confirm?: number;
}

/** What to send again, and how. */
export class RedeliveriesBody {
  @May('be the name of a trigger', isText)
  trigger?: string;

  @May("be 'dead' or 'delivered'", isOneOf('dead', 'delivered'))
  state?: RedeliveryFilter['state'];

  @May(TIME_RULE, isTime)
  from?: string;

  @May(TIME_RULE, isTime)
  to?: string;

  @May('be why they were given up', isText)
  reason?: string;

  @May('be what the last attempt came to', isText)
  errorCode?: string;

  @May('be the key of a row as text', (value) => typeof value === 'string')
  key?: string;

  @May('be true or false', isBoolean)
  dryRun?: boolean;

  @May('be events a second, from 1', isWholeNumber(1, MOST_PER_SECOND))
  perSecond?: number;
}

/** @throws EventTriggersError `ET_INVALID_REQUEST` that lists everything that is wrong with `body` */
export function checkedBody<Body extends object>(
  Rules: ClassConstructor<Body>,
  body: unknown,
): Body {
  const given = body ?? {};
  const problems = problemsOf(Rules, given);
  if (problems.length === 0) return given as Body;
  throw new EventTriggersError(
    'ET_INVALID_REQUEST',
    `The request cannot be used:${asList(problems)}`,
  );
}

export function redeliveryFilter({ from, to, ...others }: RedeliveriesBody): RedeliveryFilter {
  return {
    ...others,
    ...(from !== undefined && { from: new Date(from) }),
    ...(to !== undefined && { to: new Date(to) }),
  };
}
