import type { EventNumber } from '../../../lib/pipeline/event.js';
import { beyond, type Remainder } from './log-account.js';
import type { PlannedChange } from './planned-change.js';
import type { WrittenChange } from './transaction.js';
import { NOTHING, type Arrivals } from './witness.js';

/** All that is known of a scene when it is over. */
export interface Facts {
  /** Committed ones. */
  readonly changes: readonly WrittenChange[];
  readonly owed: readonly string[];
  readonly violations: readonly string[];
  /** As the receiver counted them. */
  readonly arrivals: ReadonlyMap<EventNumber, Arrivals>;
  /** What of that was not recorded when its sender died. */
  readonly lost: ReadonlyMap<EventNumber, Arrivals>;
  /** As the log counts them. */
  readonly attempts: ReadonlyMap<EventNumber, Arrivals>;
  readonly deadLetters: readonly { readonly number: EventNumber }[];
  readonly remainder: Remainder;
}

/** Requests that a change takes where nothing is lost. */
const PLANNED_REQUESTS: Record<PlannedChange['answer'], number> = {
  yes: 1,
  'not the first time': 2,
  never: 2,
};

/** What is not as promised, a sentence for each. */
export function judge(facts: Facts): string[] {
  return [
    ...facts.violations,
    ...facts.owed.map((number) => `${told(facts, number)} was never acknowledged or given up`),
    ...facts.changes.flatMap((change) => fateOf(facts, change)),
    ...unaccounted(facts),
    ...left(facts.remainder),
  ];
}

function fateOf(facts: Facts, { number, answer }: WrittenChange): string[] {
  const found: string[] = [];
  const { requests } = facts.arrivals.get(number) ?? NOTHING;
  const most = PLANNED_REQUESTS[answer] + (facts.lost.get(number) ?? NOTHING).requests;
  if (requests > most)
    found.push(`${told(facts, number)} was sent ${requests} times instead of ${most} at the most`);
  const isDead = facts.deadLetters.some((letter) => letter.number === number);
  if (isDead !== (answer === 'never'))
    found.push(`${told(facts, number)} is ${isDead ? 'a' : 'no'} dead letter`);
  const { acknowledged } = facts.attempts.get(number) ?? NOTHING;
  const successes = answer === 'never' ? 0 : 1;
  if (acknowledged !== successes)
    found.push(`the log has ${acknowledged} successes of ${told(facts, number)}`);
  return found;
}

/** The log has an attempt for each request but those whose sender died. */
function unaccounted({ arrivals, attempts, lost, ...facts }: Facts): string[] {
  const missing = beyond(beyond(arrivals, attempts), lost);
  return [...missing].map(
    ([number, { requests, acknowledged }]) =>
      `of ${told(facts, number)} the log lacks ${requests} attempts, ${acknowledged} of them successes`,
  );
}

function left(remainder: Remainder): string[] {
  return Object.entries(remainder).flatMap(([what, count]) =>
    count === 0 ? [] : `${count} ${what} are left in the log`,
  );
}

function told({ changes }: Pick<Facts, 'changes'>, number: string): string {
  const change = changes.find((one) => one.number === number);
  if (change === undefined) return `event ${number}, which was not committed,`;
  return `event ${number} (${change.isOrdered ? 'ordered' : 'free'} "${change.key}", answered: ${change.answer})`;
}
