import { Type } from 'class-transformer';
import { RetryOptions } from '../../retry.options.js';
import { MAX_IDENTIFIER_BYTES } from '../../schema/identifier.js';
import {
  durationRule,
  isBoolean,
  isDuration,
  isListOf,
  isOneOf,
  isText,
  May,
  MayList,
  MayNest,
  Must,
} from '../../validation.js';
import type { Duration } from '../../duration.js';
import type { HeaderDefinition } from './trigger-definition.js';

const TRIGGER_NAME = /^[A-Za-z][A-Za-z0-9_-]*$/;
const HTTP_TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;
/** What may stand in a header's value; Node lets Latin-1 through, receivers do not agree on it. */
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;
/** Postgres keeps neither the character NUL nor half a surrogate pair. */
const UNSTORABLE = /[\0\p{Surrogate}]/u;
const NAME_RULE = `be a name of letters, digits, "_" and "-" that starts with a letter, at most ${MAX_IDENTIFIER_BYTES} long`;
const WEBHOOK_RULE = 'be the URL to call; "{{ENV_VAR}}" may stand anywhere in it';

export function isHeaderName(value: unknown): boolean {
  return typeof value === 'string' && HTTP_TOKEN.test(value);
}

function isTriggerName(value: unknown): boolean {
  return (
    typeof value === 'string' && TRIGGER_NAME.test(value) && value.length <= MAX_IDENTIFIER_BYTES
  );
}

function isTable(value: unknown): boolean {
  if (typeof value === 'function') return true;
  if (typeof value === 'string') return isIdentifier(value);
  if (typeof value !== 'object' || value === null) return false;
  const { schema, name, ...others } = value as { schema?: unknown; name?: unknown };
  return (
    isIdentifier(name) &&
    (schema === undefined || isIdentifier(schema)) &&
    Object.keys(others).length === 0
  );
}

function isIdentifier(value: unknown): boolean {
  return (
    isStorable(value) && value !== '' && Buffer.byteLength(String(value)) <= MAX_IDENTIFIER_BYTES
  );
}

function isStorable(value: unknown): boolean {
  return typeof value === 'string' && !UNSTORABLE.test(value);
}

const isStorableText = (value: unknown): boolean => isStorable(value) && isText(value, {});
const columnsRule = 'be a list of at least one column';
const isColumns = isListOf(isIdentifier);

class OperationRules {
  @May(columnsRule, isColumns)
  payload?: string[];

  @May('be an SQL condition such as "new.total > 100"', isStorableText)
  when?: string;
}

class UpdateRules extends OperationRules {
  @May(columnsRule, isColumns)
  columns?: string[];

  @May('be true or false', isBoolean)
  unchanged?: boolean;
}

class HeaderRules {
  @Must('be the name of an HTTP header: letters, digits and hyphens', isHeaderName)
  @Must('come with either a value or a valueFromEnv', hasOneValue, { secret: true })
  name!: string;

  @May('be printable ASCII', (value) => typeof value === 'string' && HEADER_VALUE.test(value), {
    secret: true,
  })
  value?: string;

  @May('be the name of an environment variable', isStorableText)
  valueFromEnv?: string;
}

function hasOneValue(_: unknown, header: object): boolean {
  const { value, valueFromEnv } = header as HeaderRules;
  return (value === undefined) !== (valueFromEnv === undefined);
}

/** The rules of a `TriggerDefinition`, whose documentation stands there. */
export class TriggerDefinitionRules {
  @Must(NAME_RULE, isTriggerName)
  name!: string;

  @May(`be a list of former names`, isListOf(isTriggerName))
  formerly?: string[];

  @Must(
    'be an entity class, the name of a table, or { schema, name }; a dot in a name is part of the name',
    isTable,
  )
  table!: unknown;

  @MayNest('be true or { payload, when }', true)
  @Type(() => OperationRules)
  insert?: true | OperationRules;

  @MayNest('be true or { columns, payload, when, unchanged }', true)
  @Type(() => UpdateRules)
  update?: true | UpdateRules;

  @MayNest('be true or { payload, when }', true)
  @Type(() => OperationRules)
  delete?: true | OperationRules;

  @May('be true or left out', isOneOf(true))
  truncate?: true;

  @May('be true or false', isBoolean)
  manual?: boolean;

  @Must(WEBHOOK_RULE, isStorableText)
  webhook!: string;

  @MayList('be a list of { name, value } or { name, valueFromEnv }')
  @Type(() => HeaderRules)
  headers?: HeaderDefinition[];

  @May('be true or false', isBoolean)
  sendSecret?: boolean;

  @MayNest('be an object of retry options')
  @Type(() => RetryOptions)
  retry?: RetryOptions;

  @May(durationRule('100ms', '30m'), isDuration('100ms', '30m'))
  timeout?: Duration;

  @May('be true or false', isBoolean)
  replication?: boolean;

  @May('be true or false', isBoolean)
  enabled?: boolean;
}
