import { isDeepStrictEqual } from 'node:util';
import { InvalidTriggerError } from '../../event-triggers.errors.js';
import type { WhenRemoved } from './trigger-definition.js';
import { contentOf, type TriggerContent, type WantedTrigger } from './stored-trigger.js';

/** A definition as the database has it. */
export interface ExistingTrigger {
  readonly id: number;
  readonly name: string;
  readonly application: string;
  readonly definition: TriggerContent;
  /** The statements in force; null while nothing is attached. */
  readonly installed: readonly string[] | null;
  /** Whether no application defines it any more. */
  readonly removed: boolean;
  /** Whether a release that is running defines it. */
  readonly isDeclared: boolean;
  /** Whether the triggers and functions are still as they were put in force. */
  readonly intact: boolean;
}

/** One thing to do so that the database has what the application defines. */
export type Change =
  | { readonly kind: 'create'; readonly wanted: WantedTrigger }
  /** Triggers of the table change, and perhaps the row. */
  | { readonly kind: 'attach'; readonly wanted: WantedTrigger; readonly existing: ExistingTrigger }
  /** Only the row changes: destination, headers, retries. */
  | { readonly kind: 'update'; readonly wanted: WantedTrigger; readonly existing: ExistingTrigger }
  | {
      readonly kind: 'remove';
      readonly existing: ExistingTrigger;
      /** Instead of what its definition says. */
      readonly whenRemoved?: WhenRemoved | undefined;
    };

/** The row that stands for a wanted definition: its own, or the one under a name it had before. */
export function rowOf(
  wanted: WantedTrigger,
  existing: readonly ExistingTrigger[],
): ExistingTrigger | undefined {
  const own = existing.find(({ name }) => name === wanted.name);
  if (own === undefined) {
    return wanted.formerly
      .map((former) => existing.find(({ name }) => name === former))
      .find((row) => row?.application === wanted.application);
  }
  if (own.application === wanted.application || own.removed) return own;
  throw new InvalidTriggerError(
    wanted.name,
    `the application "${own.application}" has a trigger of that name`,
    { hint: `Choose another name, or remove it from "${own.application}" first.` },
  );
}

/**
 * What to do, in the order of the definitions, removals last.
 *
 * `statementsOf` gives the statements that should be in force for a definition.
 */
export function planChanges(
  wanted: readonly WantedTrigger[],
  existing: readonly ExistingTrigger[],
  statementsOf: (wanted: WantedTrigger) => readonly string[],
  { application, removeMissing }: { application: string; removeMissing: boolean },
): Change[] {
  const kept = new Set<number>();
  const changes: Change[] = [];
  for (const trigger of wanted) {
    const row = rowOf(trigger, existing);
    if (row !== undefined) kept.add(row.id);
    const change = changeFor(trigger, row, statementsOf(trigger));
    if (change !== undefined) changes.push(change);
  }
  if (!removeMissing) return changes;
  const removals = existing
    .filter(
      (row) =>
        row.application === application &&
        !row.removed &&
        !row.isDeclared &&
        !kept.has(row.id) &&
        // it goes when somebody says so
        row.definition.made === undefined,
    )
    .map((row): Change => ({ kind: 'remove', existing: row }));
  return [...changes, ...removals];
}

function changeFor(
  wanted: WantedTrigger,
  existing: ExistingTrigger | undefined,
  statements: readonly string[],
): Change | undefined {
  if (existing === undefined) return { kind: 'create', wanted };
  const inForce =
    existing.intact &&
    existing.installed !== null &&
    isDeepStrictEqual(existing.installed, statements);
  if (!inForce) return { kind: 'attach', wanted, existing };
  return isStored(wanted, existing) ? undefined : { kind: 'update', wanted, existing };
}

/** Whether the row says what is wanted. */
export function isStored(wanted: WantedTrigger, existing: ExistingTrigger): boolean {
  return (
    !existing.removed &&
    existing.name === wanted.name &&
    existing.application === wanted.application &&
    isDeepStrictEqual(existing.definition, asStored(contentOf(wanted)))
  );
}

/** One change in words, for `verify` and for reports. */
export function describeChange(change: Change): string {
  if (change.kind === 'create') return `"${change.wanted.name}" is missing`;
  const { existing } = change;
  if (change.kind === 'remove') return `"${existing.name}" is no longer defined`;
  const { name } = change.wanted;
  if (existing.removed) return `"${name}" was removed`;
  if (existing.name !== name) return `"${name}" is still called "${existing.name}"`;
  if (change.kind === 'update') return `"${name}" is stored with another definition`;
  if (existing.installed === null) return `"${name}" is not attached`;
  if (!existing.intact)
    return `"${name}" was changed or dropped on the table by hand, or the table was replaced`;
  return `"${name}" is attached otherwise than it is defined`;
}

/** As it comes back from the database, where what is undefined is absent. */
function asStored(content: TriggerContent): unknown {
  return JSON.parse(JSON.stringify(content));
}
