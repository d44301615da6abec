import { counted } from '../wording.js';
import type { CarriedEvents } from './event-carrier.js';
import type { ImportPlan } from './import-plan.js';
import type { StoredImport } from './stored-triggers.js';

/** What an import has done. */
export interface ImportOutcome {
  /** The file of definitions that was written. */
  readonly file?: string;
  readonly stored?: readonly StoredImport[];
  readonly carried?: readonly CarriedEvents[];
}

/** Whether all of it came to what was asked for. */
export const isComplete = ({ stored = [], carried = [] }: ImportOutcome): boolean =>
  stored.every(({ state }) => state === 'made' || state === 'there') &&
  carried.every(({ problem }) => problem === undefined);

/** The plan and what was done, for programs. */
export function outcomeJson(
  { source, triggers, notes }: ImportPlan,
  outcome: ImportOutcome,
): object {
  return {
    source,
    triggers: triggers.map(({ definition, transform, ...trigger }) => ({
      name: definition.name,
      ...trigger,
      definition,
      ...(transform === undefined
        ? {}
        : {
            requestTransform: transform.original,
            isTransformWritten: transform.returns !== undefined,
          }),
    })),
    notes,
    ...outcome,
  };
}

/** What was done, for people. */
export function outcomeText({ file, stored = [], carried = [] }: ImportOutcome): string {
  return [
    ...(file === undefined ? [] : [`The definitions are in ${file}.`]),
    ...stored.map(storedText),
    ...carried.map(carriedText),
  ].join('\n');
}

function storedText({ name, state, reason }: StoredImport): string {
  if (state === 'made') return `${name}: made`;
  if (state === 'there') return `${name}: there is one already, it was left as it is`;
  return `${name}: ${state}. ${reason}`;
}

function carriedText({ name, carried, alreadyHere, inHand, problem }: CarriedEvents): string {
  if (problem !== undefined) return `${name}: nothing was carried over. ${problem}`;
  const here =
    alreadyHere === 0 ? '' : `; ${counted(alreadyHere, 'change')} had been captured here too`;
  const left =
    inHand === 0 ? '' : `; Hasura has ${counted(inHand, 'event')} in hand: carry over again later`;
  return `${name}: ${counted(carried, 'event')} carried over${here}${left}`;
}
