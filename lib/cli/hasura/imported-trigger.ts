import type { RunTimeTriggerDefinition } from '../../pipeline/attach/run-time-trigger.js';
import { FieldReader } from './field-reader.js';
import type { HasuraTrigger } from './hasura-metadata.js';
import { importOperations } from './imported-operations.js';
import { importRequest } from './imported-request.js';
import { importRetry } from './imported-retry.js';
import { importTransform, type ImportedTransform } from './imported-transform.js';
import { invalidMetadata, plainOf, textOf, type Place } from './located-value.js';

/** Where tables are that definitions name without their schema. */
const DEFAULT_SCHEMA = 'public';
const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/;

/** What an event trigger of Hasura becomes. */
export interface ImportedTrigger extends Place {
  readonly definition: RunTimeTriggerDefinition;
  /** What the definition lacks, because it has to be a function. */
  readonly transform?: ImportedTransform;
  /** What somebody has written about it. */
  readonly comment?: string;
  /** What is otherwise than in Hasura, and what to do about it. */
  readonly notes: readonly string[];
}

/**
 * Turns an event trigger of Hasura into a definition that does the same, said with all that Hasura does by default.
 *
 * @throws EventTriggersError `ET_INVALID_METADATA` for what Hasura would refuse too
 */
function importTrigger({ table, content }: HasuraTrigger): ImportedTrigger {
  const trigger = new FieldReader(content, '', []);
  const name = textOf(trigger.required('name'), 'the name of an event trigger');
  const definition = new FieldReader(trigger.required('definition'), 'definition', trigger.notes);
  const comment = trigger.text('comment');
  const operations = importOperations(definition);
  definition.noteOthers();
  const retry = importRetry(trigger);
  const { request, transform } = importTransform(trigger, importRequest(trigger, content));
  const replication = trigger.flag('trigger_on_replication');
  noteCleanup(trigger);
  trigger.noteOthers();
  if (!NAME.test(name))
    trigger.note(
      `"${name}" is no name here: rename it to letters, digits, "_" and "-", at most 63. Receivers see the name.`,
    );
  return {
    file: content.file,
    line: content.line,
    definition: {
      name,
      table: table.schema === DEFAULT_SCHEMA ? table.name : table,
      ...operations,
      ...(replication ? { replication } : {}),
      ...request,
      ...retry,
    },
    ...(transform === undefined ? {} : { transform }),
    ...(comment === undefined ? {} : { comment }),
    notes: trigger.notes,
  };
}

/** @throws EventTriggersError `ET_INVALID_METADATA` as `importTrigger`, and for a name that is given twice */
export function importTriggers(triggers: readonly HasuraTrigger[]): ImportedTrigger[] {
  const places = new Map<string, Place>();
  return triggers.map((given) => {
    const trigger = importTrigger(given);
    const { name } = trigger.definition;
    const before = places.get(name);
    if (before !== undefined) {
      throw invalidMetadata(
        trigger,
        `the event trigger "${name}" is defined a second time, after ${before.file}:${before.line}`,
        'Rename one of them: a name stands for one trigger of the database.',
      );
    }
    places.set(name, trigger);
    return trigger;
  });
}

function noteCleanup(trigger: FieldReader): void {
  const cleanup = trigger.take('cleanup_config');
  if (cleanup === undefined) return;
  trigger.note(
    `cleanup_config is left out: the log is cleared by itself, for all triggers alike, as forRoot({ retention: { events, attempts } }) says. It was ${JSON.stringify(plainOf(cleanup))}.`,
  );
}
