import type { DataSource } from 'typeorm';
import { milliseconds } from '../../duration.js';
import { InvalidTriggerError } from '../../event-triggers.errors.js';
import { resolveRetry, type RetryOptions } from '../../retry.options.js';
import { resolveTable, type ResolvedTable } from './resolved-table.js';
import type { StoredOperation, StoredUpdate, WantedTrigger } from './stored-trigger.js';
import type {
  OperationDefinition,
  TriggerDefinition,
  UpdateDefinition,
} from './trigger-definition.js';

/** What definitions take from the module where they say nothing themselves. */
export interface DefinitionDefaults {
  readonly application: string;
  readonly retry: RetryOptions;
  /** Milliseconds. */
  readonly timeout: number;
}

/**
 * Turns definitions as users write them into what the database stores: columns by their names in the
 * database, every default filled in. Environment variables stay templates, so that no secret is stored.
 *
 * Throws an `InvalidTriggerError` that names the trigger for a table or a column that does not exist in the
 * entities, and for a name that is defined twice. One definition that is listed twice counts once.
 */
export function resolveDefinitions(
  definitions: readonly TriggerDefinition[],
  dataSource: DataSource,
  defaults: DefinitionDefaults,
): WantedTrigger[] {
  const wanted = [...new Set(definitions)].map((definition) =>
    resolve(definition, dataSource, defaults),
  );
  refuseSharedNames(wanted);
  return wanted;
}

function resolve(
  definition: TriggerDefinition,
  dataSource: DataSource,
  { application, retry, timeout }: DefinitionDefaults,
): WantedTrigger {
  const { name, insert, update, delete: deletion, truncate, manual } = definition;
  if (!insert && !update && !deletion && !truncate && !manual) {
    throw new InvalidTriggerError(name, 'it captures nothing', {
      hint: 'Give at least one of insert, update, delete, truncate and manual.',
    });
  }
  const table = resolveTable(name, definition.table, dataSource);
  return {
    name,
    application,
    formerly: definition.formerly ?? [],
    table: { schema: table.schema, name: table.name },
    ...(insert && { insert: operation(table, insert) }),
    ...(update && { update: updateOperation(table, update) }),
    ...(deletion && { delete: operation(table, deletion) }),
    ...(truncate && { truncate }),
    ...(manual && { manual }),
    ...(definition.replication && { replication: true }),
    webhook: definition.webhook,
    headers: definition.headers ?? [],
    sendSecret: definition.sendSecret ?? true,
    retry: resolveRetry(definition.retry, retry),
    timeout: milliseconds(definition.timeout ?? timeout),
    enabled: definition.enabled ?? true,
  };
}

function operation(table: ResolvedTable, given: true | OperationDefinition): StoredOperation {
  if (given === true) return {};
  return {
    ...(given.payload && { payload: table.columns(given.payload) }),
    ...(given.when && { when: given.when }),
  };
}

function updateOperation(table: ResolvedTable, given: true | UpdateDefinition): StoredUpdate {
  if (given === true) return {};
  return {
    ...operation(table, given),
    ...(given.columns && { columns: table.columns(given.columns) }),
    ...(given.unchanged && { unchanged: true }),
  };
}

function refuseSharedNames(wanted: readonly WantedTrigger[]): void {
  const names = new Set<string>();
  for (const { name } of wanted) {
    if (names.has(name)) {
      throw new InvalidTriggerError(name, 'two definitions have this name', {
        hint: 'Rename one of them; where the table is one too, join them into one definition.',
      });
    }
    names.add(name);
  }
  const former = new Set<string>();
  for (const { name, formerly } of wanted) {
    for (const taken of new Set(formerly)) {
      if (names.has(taken) || former.has(taken)) throw formerNameTaken(name, taken);
      former.add(taken);
    }
  }
}

function formerNameTaken(name: string, former: string): InvalidTriggerError {
  return new InvalidTriggerError(
    name,
    `its former name "${former}" is a name, or a former name, of another definition`,
    { hint: 'A stream goes on under one name: take it out of one of the two.' },
  );
}
