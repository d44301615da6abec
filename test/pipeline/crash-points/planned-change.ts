import type { Change } from '../engine-model/ledger.js';

/** A change, and what its receiver answers. */
export interface PlannedChange extends Change {
  readonly answer: 'yes' | 'not the first time' | 'never';
  /** How long a success takes. */
  readonly delayMs?: number;
}

/** Longer than the time between two heartbeats, so that one finds a batch open. */
const SLOWLY_MS = 800;
/** Longer than a retry takes to come back, which then waits for a slot. */
const BRIEFLY_MS = 300;

const ordered = (key: string, answer: PlannedChange['answer'] = 'yes'): PlannedChange => ({
  isOrdered: true,
  key,
  keyBefore: null,
  answer,
});
/** Of a row that changes but once. */
const free = (
  key: string,
  answer: PlannedChange['answer'] = 'yes',
  delayMs?: number,
): PlannedChange => ({
  ...ordered(key, answer),
  isOrdered: false,
  ...(delayMs === undefined ? {} : { delayMs }),
});

/** Attempts of the unordered trigger at a time: so few that some events wait when a dispatcher leaves. */
export const FREE_SLOTS = 2;

/** By transaction. */
export const CHANGES = {
  /** Before a dispatcher starts. */
  first: [
    ordered('steady'),
    ordered('steady'),
    ordered('stumbles', 'not the first time'),
    ordered('stumbles'),
    ordered('hopeless', 'never'),
    ordered('hopeless'),
    free('steady'),
    free('hopeless', 'never'),
    free('slow', 'yes', SLOWLY_MS),
    free('stumbles', 'not the first time'),
  ],
  /** Written before anything is delivered, and committed after. */
  meanwhile: [ordered('steady'), ordered('stumbles'), free('late')],
  rolledBack: [ordered('steady'), free('taken back')],
  /** When a dispatcher leaves. */
  last: [
    ordered('steady'),
    ordered('stumbles', 'not the first time'),
    free('stumbles again', 'not the first time'),
    free('takes one slot', 'yes', BRIEFLY_MS),
    free('takes the other', 'yes', BRIEFLY_MS),
    free('waits for one'),
  ],
} as const satisfies Record<string, readonly PlannedChange[]>;
