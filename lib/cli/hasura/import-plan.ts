import type { RunTimeOperation, RunTimeUpdate } from '../../pipeline/attach/run-time-trigger.js';
import { counted } from '../wording.js';
import type { HasuraMetadata } from './hasura-metadata.js';
import { importTriggers, type ImportedTrigger } from './imported-trigger.js';

/** What becomes of Hasura's event triggers of one database. */
export interface ImportPlan {
  /** The name that the database has in Hasura. */
  readonly source: string;
  readonly triggers: readonly ImportedTrigger[];
  /** What concerns all of them. */
  readonly notes: readonly string[];
}

/** What no option of a definition can make the same. */
const DIFFERENCES: readonly string[] = [
  'created_at comes in UTC and ends in Z. Numbers keep all their digits: 10.50 stays 10.50. Ids of events are other UUIDs than Hasura has given.',
  'Redirects are not followed, B3 headers are not sent, and the User-Agent is another one. Retry-After makes a pause longer, and never adds attempts. 429 slows its trigger down.',
  'A trigger has 16 requests under way in one replica (concurrency), where Hasura shares 100 among all triggers.',
  'An event that is given up stays as a dead letter for 30 days and can be sent again. What waits when a trigger is removed is kept; whenRemoved: "purge" gives it up, as Hasura does.',
  'breaker: false tries each event whatever became of those before, as Hasura does. Without that line, events wait while their receiver is down, and use up no attempts.',
  'While both deliver, receivers get each change twice. So stop the deliveries of Hasura first (HASURA_GRAPHQL_EVENTS_FETCH_INTERVAL=0; it captures on), then bring the triggers in force here, then take over what waits there with --carry-over, and delete the triggers in Hasura last: it gives up what waits of a trigger that is deleted.',
];

/** @throws EventTriggersError `ET_INVALID_METADATA` for what Hasura would refuse too */
export function planImport({ source, triggers, notes }: HasuraMetadata): ImportPlan {
  const imported = importTriggers(triggers);
  return {
    source,
    triggers: imported,
    notes: imported.length === 0 ? notes : [...notes, ...DIFFERENCES],
  };
}

/** The plan for people. */
export function planText({ source, triggers, notes }: ImportPlan): string {
  const title =
    triggers.length === 0
      ? `The database "${source}" has no event triggers in Hasura.`
      : `${counted(triggers.length, 'event trigger')} of the database "${source}":`;
  return [title, ...triggers.map(triggerText), noteLines(notes, '').join('\n')]
    .filter((part) => part !== '')
    .join('\n\n');
}

function triggerText({ definition, file, line, notes, comment }: ImportedTrigger): string {
  const { name, table, webhook, headers = [], retry, timeout } = definition;
  const place = typeof table === 'string' ? table : `${table.schema}.${table.name}`;
  return [
    `${name}  on ${place}  (${file}:${line})`,
    ...(comment === undefined ? [] : [`  "${comment}"`]),
    `  ${operationsText(definition)}`,
    `  to ${webhook}${headers.length === 0 ? '' : `  with ${headers.map((header) => header.name).join(', ')}`}`,
    `  ${retry?.attempts === 1 ? '1 attempt' : `${retry?.attempts} attempts, ${retry?.delay} apart`}, ${timeout} each`,
    ...noteLines(notes, '  '),
  ].join('\n');
}

function operationsText(definition: ImportedTrigger['definition']): string {
  const { insert, update, manual } = definition;
  const said = [
    operationText('insert', insert),
    operationText('update', update),
    operationText('delete', definition.delete),
    ...(manual === true ? ['by hand'] : []),
  ].filter((text) => text !== '');
  return said.length === 0 ? 'nothing' : said.join('; ');
}

function operationText(
  name: string,
  given: true | RunTimeOperation | RunTimeUpdate | undefined,
): string {
  if (given === undefined) return '';
  if (given === true) return name;
  const columns = 'columns' in given ? ` of ${given.columns?.join(', ')}` : '';
  return `${name}${columns}${given.payload === undefined ? '' : ` with ${given.payload.join(', ')}`}`;
}

const noteLines = (notes: readonly string[], indent: string): string[] =>
  notes.map((note) => `${indent}- ${note}`);
