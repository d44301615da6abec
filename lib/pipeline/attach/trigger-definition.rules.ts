import { Type } from 'class-transformer';
import { BreakerOptions } from '../../breaker.options.js';
import { RetryOptions } from '../../retry.options.js';
import { signingKeysOf, type SigningKeys } from '../../signing-key.js';
import { isSigningKeys, SIGNING_KEYS_RULE } from '../../signing-keys.options.js';
import { MAX_IDENTIFIER_BYTES } from '../../schema/identifier.js';
import {
  durationRule,
  isBoolean,
  isDuration,
  isListOf,
  isOneOf,
  isText,
  isWholeNumber,
  May,
  MayList,
  MayNest,
  Must,
} from '../../validation.js';
import type { Duration } from '../../duration.js';
import { STATUS_OUTCOMES, STORED_FORMATS, type StatusOutcome } from './stored-trigger.js';
import type { Transform } from './transform.js';
import type {
  BundleDefinition,
  HeaderDefinition,
  RateLimitDefinition,
  WebhookFormat,
  WhenRemoved,
} from './trigger-definition.js';

const TRIGGER_NAME = /^[A-Za-z][A-Za-z0-9_-]*$/;
const HTTP_TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;
/** What may stand in a header's value; Node lets Latin-1 through, receivers do not agree on it. */
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;
/** Postgres keeps neither the character NUL nor half a surrogate pair. */
const UNSTORABLE = /[\0\p{Surrogate}]/u;
const NAME_RULE = `be a name of letters, digits, "_" and "-" that starts with a letter, at most ${MAX_IDENTIFIER_BYTES} long`;
export const WEBHOOK_RULE = 'be the URL to call; "{{ENV_VAR}}" may stand anywhere in it';

export function isHeaderName(value: unknown): boolean {
  return typeof value === 'string' && HTTP_TOKEN.test(value);
}

function isTriggerName(value: unknown): boolean {
  return (
    typeof value === 'string' && TRIGGER_NAME.test(value) && value.length <= MAX_IDENTIFIER_BYTES
  );
}

function isTable(value: unknown): boolean {
  return typeof value === 'function' || isNamedTable(value);
}

export function isNamedTable(value: unknown): boolean {
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

export function isStorable(value: unknown): boolean {
  return typeof value === 'string' && !UNSTORABLE.test(value);
}

export const isStorableText = (value: unknown): boolean => isStorable(value) && isText(value, {});
export const COLUMNS_RULE = 'be a list of at least one column';
export const isColumns = isListOf(isIdentifier);

class OperationRules {
  @May(COLUMNS_RULE, isColumns)
  payload?: string[];

  @May('be an SQL condition such as "new.total > 100"', isStorableText)
  when?: string;
}

class UpdateRules extends OperationRules {
  @May(COLUMNS_RULE, isColumns)
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

/** A template from end to end: nothing of a key is to stand in the database. */
const WHOLE_TEMPLATE = /^\{\{[^{}]*\}\}$/;

function isFalseOrStorableKeys(value: unknown): boolean {
  if (value === false) return true;
  if (!isSigningKeys(value)) return false;
  return signingKeysOf(value as SigningKeys).every(({ key }) => WHOLE_TEMPLATE.test(key));
}

/** A status, or a class of them. */
const STATUS_KEY = /^[2-5](?:\d\d|xx)$/;
const isOutcome = isOneOf(...STATUS_OUTCOMES);

function isStatuses(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(
    ([status, outcome]) => STATUS_KEY.test(status) && isOutcome(outcome, {}),
  );
}

function isRate(value: unknown): boolean {
  if (typeof value === 'number') return value > 0 && Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return false;
  const { perSecond, burst = 1, ...others } = value as Partial<RateLimitDefinition>;
  return (
    typeof perSecond === 'number' &&
    isRate(perSecond) &&
    burst >= 1 &&
    Number.isFinite(burst) &&
    Object.keys(others).length === 0
  );
}

function isBundle(value: unknown, owner: object): boolean {
  if (typeof value === 'number') return isBundleSize(value, owner);
  if (typeof value !== 'object' || value === null) return false;
  const { size, within = 0, ...others } = value as Partial<BundleDefinition>;
  return (
    isBundleSize(size, owner) &&
    isDuration('0ms', '1m')(within, owner) &&
    Object.keys(others).length === 0
  );
}

const isBundleSize = isWholeNumber(2, 1_000);

function isStart(value: unknown, owner: object): boolean {
  if (value instanceof Date) return !Number.isNaN(value.getTime());
  return isDuration('1s', '366d')(value, owner);
}

/** What definitions in code and those made at run time have in common. */
export class CommonTriggerRules {
  @Must(NAME_RULE, isTriggerName)
  name!: string;

  @May('be true or left out', isOneOf(true))
  truncate?: true;

  @May('be true or false', isBoolean)
  manual?: boolean;

  @MayList('be a list of { name, value } or { name, valueFromEnv }', { secret: true })
  @Type(() => HeaderRules)
  headers?: HeaderDefinition[];

  @May('be true or false', isBoolean)
  sendSecret?: boolean;

  @May(
    `be false, or ${SIGNING_KEYS_RULE}; each key has to be a template, since what stands here is stored`,
    isFalseOrStorableKeys,
    { secret: true },
  )
  signingKeys?: false | SigningKeys;

  @May(
    "be 'hasura', 'cloudevents', 'cloudevents-structured' or 'row'",
    isOneOf('hasura', ...STORED_FORMATS),
  )
  format?: WebhookFormat;

  @May('be how many events one request has, from 2 to 1000, or { size, within }', isBundle)
  bundle?: number | BundleDefinition;

  @May('be a whole number of bytes from 1', isWholeNumber(1, Number.MAX_SAFE_INTEGER))
  maxBodyBytes?: number;

  @May("be 'none' or 'row'", isOneOf('none', 'row'))
  ordering?: 'none' | 'row';

  @May(COLUMNS_RULE, isColumns)
  orderingKey?: string[];

  @May("be 'dead-letter' or 'hold-key'", isOneOf('dead-letter', 'hold-key'))
  whenExhausted?: 'dead-letter' | 'hold-key';

  @May('be a list of names of triggers', isListOf(isIdentifier))
  harmlessTriggers?: string[];

  @May('be a whole number from 1 to 4096', isWholeNumber(1, 4_096))
  concurrency?: number;

  @May('be requests a second, above 0, or { perSecond, burst } with a burst of at least 1', isRate)
  rateLimit?: number | RateLimitDefinition;

  @MayNest('be false or an object of breaker options', false)
  @Type(() => BreakerOptions)
  breaker?: false | BreakerOptions;

  @May('be true or false', isBoolean)
  exact?: boolean;

  @May(
    "be outcomes by status or class, such as { '409': 'delivered', '4xx': 'rejected' }; an outcome is delivered, retry, rejected or gone",
    isStatuses,
  )
  statuses?: Record<string, StatusOutcome>;

  @MayNest('be an object of retry options')
  @Type(() => RetryOptions)
  retry?: RetryOptions;

  @May(durationRule('100ms', '30m'), isDuration('100ms', '30m'))
  timeout?: Duration;

  @May('be true or false', isBoolean)
  replication?: boolean;

  @May('be true or false', isBoolean)
  enabled?: boolean;

  @May("be 'keep', 'drain' or 'purge'", isOneOf('keep', 'drain', 'purge'))
  whenRemoved?: WhenRemoved;
}

/** The rules of a `TriggerDefinition`, whose documentation stands there. */
export class TriggerDefinitionRules extends CommonTriggerRules {
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

  @May(WEBHOOK_RULE, isStorableText)
  webhook?: string;

  @May('be a function of the payload', (value) => typeof value === 'function')
  transform?: Transform;

  @May(`be a Date, or ${durationRule('1s', '366d')}`, isStart)
  startFrom?: Duration | Date;
}
