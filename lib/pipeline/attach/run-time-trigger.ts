import { asList, InvalidTriggerError } from '../../event-triggers.errors.js';
import { problemsOf } from '../../validation.js';
import {
  conditionProblems,
  conditionSql,
  type ConditionColumn,
  type ConditionOperation,
  type RowCondition,
} from './row-condition.js';
import { RunTimeTriggerRules } from './run-time-trigger.rules.js';
import type {
  OperationDefinition,
  TriggerDefinition,
  UpdateDefinition,
} from './trigger-definition.js';

/** What to capture of inserts or of deletes, with a condition that is no SQL. */
export interface RunTimeOperation extends Omit<OperationDefinition, 'when'> {
  where?: RowCondition;
}

/** What to capture of updates, with a condition that is no SQL. */
export interface RunTimeUpdate extends Omit<UpdateDefinition, 'when'> {
  where?: RowCondition;
}

/** What only code can say. */
type OfCode = 'formerly' | 'transform' | 'startFrom';
type Redefined = 'table' | 'insert' | 'update' | 'delete' | 'webhook';

/**
 * A trigger that is made while the application runs: plain JSON, with conditions instead of SQL, for a webhook.
 *
 * Its options mean what they mean in a `TriggerDefinition`, but for `sendSecret`, which is false by default: whoever may
 * make triggers should not be sent the secret for it.
 *
 * @example
 * {
 *   name: 'large_order',
 *   table: 'orders',
 *   insert: { where: { column: 'total', operator: '>=', value: 1000 } },
 *   webhook: 'https://example.com/large-orders',
 * }
 */
export interface RunTimeTriggerDefinition extends Omit<TriggerDefinition, OfCode | Redefined> {
  /** A table of the schema public by its literal name, or schema and name. */
  table: string | { schema?: string; name: string };
  insert?: true | RunTimeOperation;
  update?: true | RunTimeUpdate;
  delete?: true | RunTimeOperation;
  webhook: string;
}

/** @throws InvalidTriggerError that lists everything about the form of a definition that is wrong */
export function refuseMalformed(definition: RunTimeTriggerDefinition): void {
  const { name } = (definition ?? {}) as { name?: unknown };
  refuse(String(name), problemsOf(RunTimeTriggerRules, definition));
}

/** @param columns those of its table */
export function conditionsToSql(
  definition: RunTimeTriggerDefinition,
  columns: readonly ConditionColumn[],
): TriggerDefinition {
  const operations = ['insert', 'update', 'delete'] as const;
  refuse(
    definition.name,
    operations.flatMap((operation) => {
      const where = whereOf(definition[operation]);
      return where === undefined
        ? []
        : conditionProblems(where, operation, columns, `${operation}.where`);
    }),
  );
  return {
    sendSecret: false,
    ...definition,
    ...Object.fromEntries(
      operations.map((operation) => [
        operation,
        withSql(definition[operation], operation, columns),
      ]),
    ),
  };
}

function withSql(
  given: true | RunTimeOperation | undefined,
  operation: ConditionOperation,
  columns: readonly ConditionColumn[],
): true | OperationDefinition | undefined {
  if (given === undefined || given === true) return given;
  const { where, ...others } = given;
  return where === undefined
    ? others
    : { ...others, when: conditionSql(where, operation, columns) };
}

function whereOf(given: true | RunTimeOperation | undefined): RowCondition | undefined {
  return given === undefined || given === true ? undefined : given.where;
}

function refuse(name: string, problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new InvalidTriggerError(name, `its definition cannot be used:${asList(problems)}`);
}
