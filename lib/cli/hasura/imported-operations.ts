import type { RunTimeOperation, RunTimeUpdate } from '../../pipeline/attach/run-time-trigger.js';
import type { FieldReader } from './field-reader.js';
import { isList, invalidMetadata, kindOf, textOf, type Located } from './located-value.js';

/** How Hasura writes all columns. */
const ALL = '*';

/** What a trigger captures, by the names that a definition has for it. */
export interface ImportedOperations {
  insert?: true | RunTimeOperation;
  update?: true | RunTimeUpdate;
  delete?: true | RunTimeOperation;
  manual?: true;
}

export function importOperations(definition: FieldReader): ImportedOperations {
  const operations: ImportedOperations = {
    ...operationOf(definition, 'insert'),
    ...updateOf(definition),
    ...operationOf(definition, 'delete'),
    ...(definition.flag('enable_manual') ? { manual: true } : {}),
  };
  if (Object.keys(operations).length === 0) {
    definition.note(
      'It names no operation, and Hasura refuses it: nothing is captured. Add insert, update, delete or manual.',
    );
  }
  return operations;
}

function operationOf(
  definition: FieldReader,
  operation: 'insert' | 'delete',
): Partial<Record<'insert' | 'delete', true | RunTimeOperation>> {
  const given = definition.group(operation);
  if (given === undefined) return {};
  const columns = columnsOf(given.take('columns'));
  const payload = columnsOf(given.take('payload'));
  given.noteOthers();
  if (columns !== undefined) {
    given.note(
      `${operation}.columns is left out: in Hasura it has no effect, each ${operation} is an event. To narrow it down add "when".`,
    );
  }
  return { [operation]: payload === undefined ? true : { payload } };
}

function updateOf(definition: FieldReader): { update?: true | RunTimeUpdate } {
  const given = definition.group('update');
  if (given === undefined) return {};
  const columns = columnsOf(given.take('columns'));
  const payload = columnsOf(given.take('payload'));
  given.noteOthers();
  if (columns === undefined) {
    given.note(
      'Without columns an update counts when any byte of the row has changed: 1.0 to 1.00 is an event, in Hasura it is none. Where that matters, list the columns.',
    );
  }
  if (columns === undefined && payload === undefined) return { update: true };
  return {
    update: {
      ...(columns === undefined ? {} : { columns }),
      ...(payload === undefined ? {} : { payload }),
    },
  };
}

/** Undefined for all of them. */
function columnsOf(value: Located | undefined): string[] | undefined {
  if (value === undefined || value.content === ALL) return undefined;
  if (isList(value.content) && value.content.length > 0) {
    const columns = value.content.map((column) => textOf(column, 'the name of a column'));
    return columns.includes(ALL) ? undefined : columns;
  }
  throw invalidMetadata(
    value,
    `the columns are ${kindOf(value)}`,
    `Write '${ALL}' for all of them, or a list of at least one.`,
  );
}
