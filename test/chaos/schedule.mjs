// @ts-check
import { Random } from '../support/random.mjs';

/**
 * @typedef {'kill' | 'stand-still' | 'cut-backends' | 'crash-postgres' | 'fall-silent' | 'use-up-connections'
 *   | 'hold-snapshot' | 'hold-transaction'} Kind
 * @typedef {{ at: number, kind: Kind, replica: number, lasts: number }} Incident Times in milliseconds.
 */

/** How often each kind comes, and how long it may last at least and at most. */
const KINDS = /** @type {const} */ ([
  { kind: 'kill', weight: 5, least: 200, most: 2_000 },
  { kind: 'stand-still', weight: 3, least: 1_000, most: 30_000 },
  { kind: 'cut-backends', weight: 4, least: 0, most: 0 },
  { kind: 'crash-postgres', weight: 2, least: 0, most: 0 },
  { kind: 'fall-silent', weight: 2, least: 0, most: 0 },
  { kind: 'use-up-connections', weight: 1, least: 500, most: 4_000 },
  { kind: 'hold-snapshot', weight: 2, least: 2_000, most: 15_000 },
  { kind: 'hold-transaction', weight: 3, least: 500, most: 10_000 },
]);
const DECK = KINDS.flatMap((kind) => Array.from({ length: kind.weight }, () => kind));

const [SOONEST_MS, LATEST_MS] = /** @type {const} */ ([500, 4_000]);
/** The first ones come after everybody has started. */
const QUIET_START_MS = 2_000;

/**
 * What befalls whom and when: the same for the same seed.
 *
 * @param {{ seed: number, seconds: number, replicas: number }} terms
 * @returns {Incident[]}
 */
export function scheduleOf({ seed, seconds, replicas }) {
  const random = new Random(seed);
  const end = seconds * 1_000;
  const incidents = [];
  for (let at = QUIET_START_MS; at < end; at += random.between(SOONEST_MS, LATEST_MS)) {
    const { kind, least, most } = random.pick(DECK);
    const lasts = Math.min(random.between(least, most), end - at);
    incidents.push({ at, kind, replica: random.between(0, replicas - 1), lasts });
  }
  return incidents;
}
