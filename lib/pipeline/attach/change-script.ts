import { advisoryKey, LOCK } from '../../schema/advisory-lock.js';
import { quoteIdentifier, quoteLiteral } from '../../schema/identifier.js';
import { describeChange, type Change } from './reconcile-plan.js';
import { lockTable } from './install.sql.js';
import { contentOf, type TriggerContent, type WantedTrigger } from './stored-trigger.js';
import { insertTrigger, markRemoved, updateTrigger } from './trigger-rows.sql.js';

/** Writers wait behind a lock that has to wait: the script fails instead, and can be run again. */
const LOCK_TIMEOUT = '5s';

/** A change, and the statements that are in force on the table after it. */
export interface PlannedChange {
  readonly change: Change;
  /** None where they are not known before the schema is there. */
  readonly statements: readonly string[];
}

/** What bootstrap does for a change, as statements of one transaction; comments say what no statement can. */
export function changeScript(
  schemaName: string,
  { change, statements }: PlannedChange,
): readonly string[] {
  const schema = quoteIdentifier(schemaName);
  const place = change.kind === 'remove' ? change.existing.definition : change.wanted;
  return [
    comment(describeChange(change)),
    `set local lock_timeout = '${LOCK_TIMEOUT}'`,
    `select pg_advisory_xact_lock(${advisoryKey(schemaName)}, ${LOCK.attach})`,
    ...(change.kind === 'update' ? [] : [lockTable(nameOf(place), change.kind !== 'create')]),
    ...steps(schema, change),
    ...statements.map((text) => comment(`which executes: ${text}`)),
    ...(change.kind === 'update' || change.kind === 'remove' ? [] : remarks(change.wanted)),
  ];
}

function steps(schema: ReturnType<typeof quoteIdentifier>, change: Change): string[] {
  if (change.kind === 'create') {
    return [
      inlined(insertTrigger(schema), rowOf(change.wanted)),
      `select ${schema}.install_v1(t.id) from ${schema}.event_trigger t where t.name = ${quoteLiteral(change.wanted.name)}`,
    ];
  }
  const { id, definition } = change.existing;
  if (change.kind === 'remove') {
    const fate = change.whenRemoved ?? definition.whenRemoved ?? 'keep';
    return [
      `select ${schema}.uninstall_v1(${id})`,
      inlined(markRemoved(schema), [id, fate === 'drain']),
      ...(fate === 'purge'
        ? [comment(`then give up what waits: event-triggers purge ${change.existing.name}`)]
        : []),
    ];
  }
  return [
    inlined(updateTrigger(schema), [...rowOf(change.wanted), id]),
    ...(change.kind === 'attach' ? [`select ${schema}.install_v1(${id})`] : []),
  ];
}

function remarks({ startFrom }: WantedTrigger): string[] {
  if (startFrom === undefined) return [];
  return [
    comment('startFrom copies what another trigger has captured: only "event-triggers apply" does'),
  ];
}

const rowOf = (wanted: WantedTrigger): [string, string, string] => [
  wanted.name,
  wanted.application,
  JSON.stringify(contentOf(wanted)),
];

const nameOf = ({ table }: Pick<TriggerContent, 'table'>): string =>
  `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}`;

const comment = (text: string): string => `-- ${text.trim().replaceAll('\n', '\n--   ')}`;

/** A statement with its parameters in their places, for those who cannot give any. */
function inlined(statement: string, values: readonly (string | number | boolean)[]): string {
  return statement
    .trim()
    .replaceAll(/\$(\d+)/g, (_, place: string) => literalOf(values[Number(place) - 1] ?? ''));
}

const literalOf = (value: string | number | boolean): string =>
  typeof value === 'string' ? quoteLiteral(value) : String(value);
