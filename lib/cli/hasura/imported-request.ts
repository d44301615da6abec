import { EventTriggersError } from '../../event-triggers.errors.js';
import type {
  HeaderDefinition,
  TriggerDefinition,
} from '../../pipeline/attach/trigger-definition.js';
import { checkedName } from '../../pipeline/deliver/request-headers.js';
import { FieldReader } from './field-reader.js';
import { invalidMetadata, isList, isMap, kindOf, type Located } from './located-value.js';

/** What Hasura sends of its own accord, whatever a trigger says about it. */
const SENT_BY_HASURA: readonly string[] = ['content-type', 'user-agent'];
/** With which Nhost's functions know their sender, as this package does by default. */
const SECRET_HEADER = 'nhost-webhook-secret';

/** Where a trigger sends to, by the names that a definition has for it. */
export interface ImportedRequest extends Required<
  Pick<TriggerDefinition, 'webhook' | 'sendSecret'>
> {
  headers?: HeaderDefinition[];
}

export function importRequest(trigger: FieldReader, place: Located): ImportedRequest {
  const webhook = webhookOf(trigger, place);
  const headers = headersOf(trigger);
  // Hasura sends no secret but those among the headers.
  if (headers.length === 0) return { webhook, sendSecret: false };
  return { webhook, headers, sendSecret: false };
}

function webhookOf(trigger: FieldReader, place: Located): string {
  const url = trigger.text('webhook');
  const variable = trigger.text('webhook_from_env');
  if (url !== undefined && variable !== undefined) {
    throw invalidMetadata(
      place,
      'both webhook and webhook_from_env are given',
      'Take one of them out.',
    );
  }
  if (url !== undefined) return url;
  if (variable !== undefined) return `{{${variable}}}`;
  throw invalidMetadata(
    place,
    'neither webhook nor webhook_from_env is given',
    'Add one of them, or export the metadata again.',
  );
}

function headersOf(trigger: FieldReader): HeaderDefinition[] {
  const headers = trigger.list('headers').flatMap((value) => headerOf(value, trigger.notes));
  const names = headers.map(({ name }) => name.toLowerCase());
  for (const name of names.filter((one, place) => names.indexOf(one) !== place))
    trigger.note(`The header ${name} is given twice: Hasura sends both, here the last one counts.`);
  const usual = headers.find(({ name }) => name.toLowerCase() === SECRET_HEADER);
  if (usual !== undefined) {
    trigger.note(
      `The header ${SECRET_HEADER} is what "sendSecret: true" sends: with that instead, the secret can be changed without an interruption.`,
    );
  }
  return headers;
}

function headerOf(value: Located, notes: string[]): HeaderDefinition[] {
  const header = new FieldReader(value, 'headers', notes);
  const name = header.text('name') ?? '';
  const text = scalarText(header.take('value'));
  const valueFromEnv = header.text('value_from_env');
  header.noteOthers();
  if (name === '' || (text === undefined) === (valueFromEnv === undefined)) {
    throw invalidMetadata(
      value,
      'a header needs a name, and either a value or a value_from_env',
      'Write it as { name, value } or { name, value_from_env }.',
    );
  }
  const refusal = refusalOf(name);
  if (refusal !== undefined) {
    notes.push(refusal);
    return [];
  }
  return [text === undefined ? { name, valueFromEnv: valueFromEnv ?? '' } : { name, value: text }];
}

/** YAML makes numbers and booleans of what is not in quotes. */
function scalarText(value: Located | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (isMap(value.content) || isList(value.content))
    throw invalidMetadata(
      value,
      `the value of a header is ${kindOf(value)}`,
      'Write it as a text.',
    );
  return String(value.content);
}

/** Whether a definition may name the header. */
export const isImportable = (name: string): boolean => refusalOf(name) === undefined;

/** Why a header cannot go along; undefined where it can. */
function refusalOf(name: string): string | undefined {
  try {
    checkedName('', name);
    return undefined;
  } catch (error) {
    if (!(error instanceof EventTriggersError)) throw error;
    return SENT_BY_HASURA.includes(name.toLowerCase())
      ? `The header ${name} is left out: the sender sets it itself, as Hasura does.`
      : `The header ${name} is left out: the sender sets it itself, or no request can carry it.`;
  }
}
