import type { Definition } from './answers.js';
import {
  conditionDraft,
  conditionOf,
  type GroupDraft,
  type RowOperation,
} from './condition-draft.js';
import { headerDraft, headerOf, type HeaderDraft } from './header-draft.js';
import { durationOf, retryDraft, retryOf, type RetryDraft } from './retry-draft.js';

/** What the form holds of one operation. */
export interface OperationDraft {
  readonly isOn: boolean;
  /** Columns whose change counts, of updates; none means any. */
  readonly columns: readonly string[];
  /** Columns that are sent; none means all. */
  readonly payload: readonly string[];
  readonly unchanged: boolean;
  readonly where: GroupDraft | null;
}

/** A definition while it is written: texts as they stand in the fields. */
export interface TriggerDraft {
  readonly name: string;
  readonly schema: string;
  readonly table: string;
  readonly insert: OperationDraft;
  readonly update: OperationDraft;
  readonly delete: OperationDraft;
  readonly truncate: boolean;
  readonly manual: boolean;
  readonly webhook: string;
  readonly sendSecret: boolean;
  readonly headers: readonly HeaderDraft[];
  readonly retry: RetryDraft;
  readonly timeout: string;
  readonly ordering: 'none' | 'row';
  readonly whenExhausted: 'dead-letter' | 'hold-key';
  readonly isEnabled: boolean;
}

export const ROW_OPERATIONS = ['insert', 'update', 'delete'] as const;

type Types = ReadonlyMap<string, string>;
type GivenOperation = Definition['update'];

/** The form of a definition; of none, an empty one. */
export function triggerDraft(definition: Partial<Definition> = {}): TriggerDraft {
  const { table = '' } = definition;
  const place = typeof table === 'string' ? { schema: 'public', name: table } : table;
  return {
    name: definition.name ?? '',
    schema: place.schema ?? 'public',
    table: place.name,
    insert: operationDraft(definition.insert, 'insert'),
    update: operationDraft(definition.update, 'update'),
    delete: operationDraft(definition.delete, 'delete'),
    truncate: definition.truncate ?? false,
    manual: definition.manual ?? false,
    webhook: definition.webhook ?? '',
    sendSecret: definition.sendSecret ?? false,
    headers: (definition.headers ?? []).map(headerDraft),
    retry: retryDraft(definition.retry),
    timeout: String(definition.timeout ?? ''),
    ordering: definition.ordering ?? 'none',
    whenExhausted: definition.whenExhausted ?? 'dead-letter',
    isEnabled: definition.enabled ?? true,
  };
}

function operationDraft(given: GivenOperation, operation: RowOperation): OperationDraft {
  const {
    columns = [],
    payload = [],
    unchanged = false,
    where,
  } = given === true ? {} : (given ?? {});
  return {
    isOn: given !== undefined,
    columns,
    payload,
    unchanged,
    where: conditionDraft(where, operation),
  };
}

/**
 * The definition that a draft means. What has its default is left out.
 *
 * @param types those of the table's columns, by name
 */
export function definitionOf(draft: TriggerDraft, types: Types): Definition {
  const { schema, table, webhook } = draft;
  const headers = draft.headers.map(headerOf);
  const retry = retryOf(draft.retry);
  const timeout = durationOf(draft.timeout);
  const operations = ROW_OPERATIONS.flatMap((operation) =>
    draft[operation].isOn ? [[operation, operationOf(draft[operation], operation, types)]] : [],
  );
  return {
    name: draft.name.trim(),
    table: schema === 'public' ? table : { schema, name: table },
    ...Object.fromEntries(operations),
    ...(draft.truncate ? { truncate: true } : {}),
    ...(draft.manual ? { manual: true } : {}),
    webhook: webhook.trim(),
    ...(draft.sendSecret ? { sendSecret: true } : {}),
    ...(headers.length > 0 ? { headers } : {}),
    ...(retry === null ? {} : { retry }),
    ...(timeout === undefined ? {} : { timeout }),
    ...orderOf(draft),
    ...(draft.isEnabled ? {} : { enabled: false }),
  };
}

const orderOf = ({ ordering, whenExhausted }: TriggerDraft): Partial<Definition> =>
  ordering === 'none'
    ? {}
    : { ordering, ...(whenExhausted === 'dead-letter' ? {} : { whenExhausted }) };

function operationOf(
  { columns, payload, unchanged, where }: OperationDraft,
  operation: RowOperation,
  types: Types,
): true | object {
  const condition = where === null ? undefined : conditionOf(where, operation, types);
  const rule = {
    ...(operation === 'update' && columns.length > 0 ? { columns } : {}),
    ...(operation === 'update' && unchanged ? { unchanged } : {}),
    ...(payload.length > 0 ? { payload } : {}),
    ...(condition === undefined ? {} : { where: condition }),
  };
  return Object.keys(rule).length === 0 ? true : rule;
}

/** What the form can change. Other options of a definition stay as they are. */
const OPTIONS = [
  'name',
  'table',
  'insert',
  'update',
  'delete',
  'truncate',
  'manual',
  'webhook',
  'sendSecret',
  'headers',
  'retry',
  'timeout',
  'ordering',
  'whenExhausted',
  'enabled',
] as const satisfies readonly (keyof Definition)[];

/** What differs between two definitions that came of drafts; null takes an option back to its default. */
export function changesOf(before: Definition, after: Definition): Record<string, unknown> {
  const differing = OPTIONS.filter(
    (option) => JSON.stringify(before[option]) !== JSON.stringify(after[option]),
  );
  return Object.fromEntries(differing.map((option) => [option, after[option] ?? null]));
}
