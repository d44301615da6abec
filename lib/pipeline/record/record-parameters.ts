import type { RecordParameters } from '../claim/event-claimer.js';
import { type EventNumber, keysOf, type TriggerId } from '../event.js';
import { numberArray, textArray } from './array-literal.js';
import type { Attempt, OpenBatch } from './attempt.js';

/** Retries point to no batch; the others count from 1, as arrays in Postgres do. */
const NO_BATCH = 0;

/**
 * Attempts as the parameters of `record_v1`.
 *
 * @param repeated whether the same may have been recorded already by a call whose answer got lost
 * @param now the monotonic clock in milliseconds, to tell the database how long ago an attempt ended
 */
export function recordParameters(
  attempts: readonly Attempt[],
  repeated: boolean,
  now: number,
): RecordParameters {
  const places = placesOf(attempts);
  const batches = [...places.keys()];
  const texts = new TextTable();
  const batchPlaces = attempts.map(({ batch }) => (batch === null ? NO_BATCH : places.get(batch)!));
  const headers = attempts.map(({ outcome }) => texts.placeOf(outcome?.responseHeaders ?? null));
  return [
    numberArray(batches.map((batch) => batch.triggerId)),
    numberArray(batches.map((batch) => batch.id)),
    numberArray(batches.map((batch) => batch.claim)),
    numberArray(closedBy(attempts, batches)),
    String(repeated),
    numberArray(batchPlaces),
    numberArray(attempts.map(({ event }) => event.number)),
    numberArray(attempts.map(({ outcome }) => outcome?.status ?? null)),
    numberArray(attempts.map(({ outcome }) => tenths(outcome?.duration ?? 0))),
    numberArray(attempts.map(({ endedAt }) => tenths(now - endedAt))),
    numberArray(headers),
    numberArray(attempts.map(({ outcome }) => texts.placeOf(outcome?.responseBody ?? null))),
    textArray(texts.all()),
    numberArray(headerKeepers(attempts, batchPlaces, headers)),
    ...exceptions(attempts),
  ];
}

/** Each text once, because quoting and parsing it costs more than all else of an attempt. */
class TextTable {
  private readonly places = new Map<string, number>();

  /** Counted from 1, as arrays in Postgres are. */
  placeOf(text: string | null): number | null {
    if (text === null) return null;
    let place = this.places.get(text);
    if (place === undefined) {
      place = this.places.size + 1;
      this.places.set(text, place);
    }
    return place;
  }

  all(): string[] {
    return [...this.places.keys()];
  }
}

/**
 * For each attempt the event whose attempt keeps its headers: of those in one batch with the same headers the one
 * that ended last, so that retention takes it last. Null for that one, and where no other has the same.
 *
 * @param batches their places, and those of their headers
 */
function headerKeepers(
  attempts: readonly Attempt[],
  batches: readonly number[],
  headers: readonly (number | null)[],
): (EventNumber | null)[] {
  // By both places in one number, which is looked up faster than a text.
  const keyOf = (place: number): number => batches[place]! * attempts.length + headers[place]!;
  const isShared = (place: number): boolean =>
    batches[place] !== NO_BATCH && headers[place] !== null;
  const keepers = new Map<number, Attempt>();
  attempts.forEach((attempt, place) => {
    if (!isShared(place)) return;
    const keeper = keepers.get(keyOf(place));
    if (keeper === undefined || attempt.endedAt >= keeper.endedAt)
      keepers.set(keyOf(place), attempt);
  });
  return attempts.map((attempt, place) => {
    const keeper = isShared(place) ? keepers.get(keyOf(place)) : undefined;
    return keeper === undefined || keeper === attempt ? null : keeper.event.number;
  });
}

/** Finer than this is noise, and every digit has to be printed and parsed. */
const tenths = (milliseconds: number): number => Math.round(milliseconds * 10) / 10;

/** Those of `exceptions`, empty. */
const NOTHING_BUT_SUCCESS: RecordParameters = Array.from({ length: 11 }, () => '{}');

/** The columns that say nothing where all are first attempts that got through: empty then, which is free. */
function exceptions(attempts: readonly Attempt[]): RecordParameters {
  if (attempts.every(isPlain)) return NOTHING_BUT_SUCCESS;
  const advanced = distinct(attempts.flatMap(advancedKeys));
  return [
    numberArray(
      attempts.map(({ decision }) => (decision.kind === 'parked' ? null : decision.kind)),
    ),
    numberArray(attempts.map(({ event }) => event.triggerId)),
    textArray(attempts.map(({ event }) => event.createdAt)),
    numberArray(attempts.map(({ event }) => event.attemptsBefore + 1)),
    textArray(attempts.map(({ outcome }) => outcome?.error?.code ?? null)),
    textArray(attempts.map(({ outcome }) => outcome?.error?.message ?? null)),
    numberArray(
      attempts.map(({ decision }) => (decision.kind === 'retry' ? decision.delay : null)),
    ),
    textArray(attempts.map(({ decision }) => (decision.kind === 'dead' ? decision.reason : null))),
    numberArray(attempts.map(({ decision }) => (decision.kind === 'parked' ? true : null))),
    numberArray(advanced.map(({ triggerId }) => triggerId)),
    textArray(advanced.map(({ key }) => key)),
  ];
}

interface TriggerKey {
  readonly triggerId: TriggerId;
  readonly key: string;
}

/** Many of a key are mostly parked together, and each costs a look. */
function distinct(keys: readonly TriggerKey[]): TriggerKey[] {
  return [...new Map(keys.map((one) => [`${one.triggerId} ${one.key}`, one])).values()];
}

/** A retry that has gone may let another one of its key go; one that has come may find nothing before it. */
function advancedKeys({ event, batch, decision, ordered }: Attempt): TriggerKey[] {
  if (!ordered || (batch !== null && decision.kind !== 'parked')) return [];
  return keysOf(event).map((key) => ({ triggerId: event.triggerId, key }));
}

/** What was skipped says so, as failures say why. */
const isPlain = ({ batch, decision, outcome }: Attempt): boolean =>
  batch !== null && decision.kind === 'delivered' && outcome?.error === null;

function placesOf(attempts: readonly Attempt[]): Map<OpenBatch, number> {
  const places = new Map<OpenBatch, number>();
  for (const { batch } of attempts) {
    if (batch !== null && !places.has(batch)) places.set(batch, places.size + 1);
  }
  return places;
}

/** Which batches have nothing open once these attempts are recorded; null for those that were let go of. */
function closedBy(attempts: readonly Attempt[], batches: readonly OpenBatch[]): (boolean | null)[] {
  const recorded = new Map<OpenBatch, number>();
  for (const { batch } of attempts) {
    if (batch !== null) recorded.set(batch, (recorded.get(batch) ?? 0) + 1);
  }
  return batches.map((batch) => (batch.held ? batch.open === recorded.get(batch) : null));
}
