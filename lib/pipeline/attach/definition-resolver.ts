import type { DataSource } from 'typeorm';
import { milliseconds } from '../../duration.js';
import { resolveBreaker, type BreakerOptions } from '../../breaker.options.js';
import { InvalidTriggerError } from '../../event-triggers.errors.js';
import { resolveRetry, type RetryOptions } from '../../retry.options.js';
import { signingKeysOf } from '../../signing-key.js';
import { resolveTable, type ResolvedTable } from './resolved-table.js';
import type { StoredOperation, StoredUpdate, WantedTrigger } from './stored-trigger.js';
import type {
  OperationDefinition,
  TriggerDefinition,
  UpdateDefinition,
  WhenRemoved,
} from './trigger-definition.js';

/** A quarter of what a dispatcher has by default: a webhook that hangs leaves the others their slots. */
const DEFAULT_CONCURRENCY = 16;

/** What definitions take from the module where they say nothing themselves. */
export interface DefinitionDefaults {
  readonly application: string;
  readonly retry: RetryOptions;
  readonly breaker: false | BreakerOptions;
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
  { application, retry, breaker, timeout }: DefinitionDefaults,
): WantedTrigger {
  const { name, insert, update, delete: deletion, truncate, manual } = definition;
  if (!insert && !update && !deletion && !truncate && !manual) {
    throw new InvalidTriggerError(name, 'it captures nothing', {
      hint: 'Give at least one of insert, update, delete, truncate and manual.',
    });
  }
  if (definition.webhook === undefined) refuseRequestOptions(definition);
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
    ...order(name, definition, table),
    concurrency: definition.concurrency ?? DEFAULT_CONCURRENCY,
    ...rateLimit(definition.rateLimit),
    ...(definition.exact && { exact: true }),
    ...resolveBreaker(definition.breaker, breaker),
    ...(definition.webhook !== undefined && { webhook: definition.webhook }),
    headers: definition.headers ?? [],
    sendSecret: definition.sendSecret ?? true,
    ...signing(definition.signingKeys),
    ...format(definition.format),
    ...(definition.transform && { transformed: true as const }),
    ...bundle(definition),
    ...(definition.maxBodyBytes !== undefined && { maxBodyBytes: definition.maxBodyBytes }),
    ...(definition.statuses && { statuses: definition.statuses }),
    retry: resolveRetry(definition.retry, retry),
    timeout: milliseconds(definition.timeout ?? timeout),
    enabled: definition.enabled ?? true,
    ...removal(definition.whenRemoved),
    ...start(definition.startFrom),
  };
}

/** What only a request has. */
const OF_REQUESTS = [
  'headers',
  'sendSecret',
  'signingKeys',
  'format',
  'transform',
  'bundle',
  'maxBodyBytes',
  'statuses',
] as const;

function refuseRequestOptions(definition: TriggerDefinition): void {
  const idle = OF_REQUESTS.find((option) => definition[option] !== undefined);
  if (idle === undefined) return;
  throw new InvalidTriggerError(definition.name, `${idle} means nothing without a webhook`, {
    hint: `Add webhook, or leave ${idle} out: a handler of the application is called without a request.`,
  });
}

function start(given: TriggerDefinition['startFrom']): Pick<WantedTrigger, 'startFrom'> {
  if (given === undefined) return {};
  const isTime = given instanceof Date;
  return { startFrom: isTime ? { at: given.toISOString() } : { ago: milliseconds(given) } };
}

function signing(given: TriggerDefinition['signingKeys']): Pick<WantedTrigger, 'signingKeys'> {
  if (given === undefined) return {};
  return { signingKeys: given === false ? [] : signingKeysOf(given) };
}

function format(given: TriggerDefinition['format']): Pick<WantedTrigger, 'format'> {
  return given === undefined || given === 'hasura' ? {} : { format: given };
}

function bundle({
  name,
  bundle: given,
  format: form,
  transform,
}: TriggerDefinition): Pick<WantedTrigger, 'bundle'> {
  if (given === undefined) return {};
  if (form === 'row') {
    throw new InvalidTriggerError(
      name,
      'a bundle of bare rows would not say which event is which',
      {
        hint: "Choose another format, such as 'hasura'.",
      },
    );
  }
  if (transform !== undefined) {
    throw new InvalidTriggerError(
      name,
      'a transform has the last word on one event, not on a bundle',
      {
        hint: 'Leave one of transform and bundle out.',
      },
    );
  }
  const { size, within = 0 } = typeof given === 'number' ? { size: given } : given;
  return { bundle: { size, within: milliseconds(within) } };
}

function removal(given: WhenRemoved = 'keep'): Pick<WantedTrigger, 'whenRemoved'> {
  return given === 'keep' ? {} : { whenRemoved: given };
}

function rateLimit(given: TriggerDefinition['rateLimit']): Pick<WantedTrigger, 'rateLimit'> {
  if (given === undefined) return {};
  const { perSecond, burst } = typeof given === 'number' ? { perSecond: given } : given;
  return { rateLimit: { perSecond, burst: burst ?? Math.max(1, perSecond) } };
}

function order(
  trigger: string,
  { ordering, orderingKey, whenExhausted, harmlessTriggers }: TriggerDefinition,
  table: ResolvedTable,
): Pick<WantedTrigger, 'ordering' | 'orderingKey' | 'whenExhausted' | 'harmlessTriggers'> {
  if (ordering === 'row') {
    return {
      ordering,
      ...(orderingKey && { orderingKey: table.columns(orderingKey) }),
      ...(whenExhausted === 'hold-key' && { whenExhausted }),
      ...(harmlessTriggers && { harmlessTriggers }),
    };
  }
  const idle = Object.entries({ orderingKey, whenExhausted, harmlessTriggers }).find(
    ([, value]) => value !== undefined,
  );
  if (idle === undefined) return {};
  throw new InvalidTriggerError(trigger, `${idle[0]} means nothing without an order`, {
    hint: `Add ordering: 'row', or leave ${idle[0]} out.`,
  });
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
