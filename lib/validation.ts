// class-transformer reads types through it, and options may be checked before Nest has loaded it.
import 'reflect-metadata';
import { plainToInstance, type ClassConstructor } from 'class-transformer';
import {
  getMetadataStorage,
  ValidateBy,
  ValidateIf,
  ValidateNested,
  validateSync,
  type ValidationError,
} from 'class-validator';
import { DURATION_FORMS, parseDuration } from './duration.js';
import { suggestion } from './nearest-name.js';

type Check = (value: unknown, owner: object) => boolean;

/** Longer values are not repeated in messages. */
const LONGEST_SHOWN = 60;

/**
 * A rule of an option, told as the end of the sentence "it must …".
 *
 * A `secret` value is never repeated in the message.
 */
export function Must(rule: string, check: Check, { secret = false } = {}): PropertyDecorator {
  return ValidateBy({
    name: rule,
    validator: {
      validate: (value, args) => check(value, args?.object ?? {}),
      defaultMessage: (args) => `must ${rule}${secret ? '' : shown(args?.value)}`,
    },
  });
}

/** An option that may be left out, with the rule it has to keep otherwise. */
export function May(rule: string, check: Check, options?: { secret?: boolean }): PropertyDecorator {
  return all(
    ValidateIf((_, value) => isGiven(value)),
    Must(rule, check, options),
  );
}

/** A nested group of options that may be left out or be one of the plain values of `orElse`. */
export function MayNest(rule: string, ...orElse: readonly unknown[]): PropertyDecorator {
  return nested(rule, isObject, orElse);
}

/** A list of nested groups of options that may be left out. */
export function MayList(rule: string, options?: { secret?: boolean }): PropertyDecorator {
  return nested(rule, (value) => Array.isArray(value) && value.every(isObject), [], options);
}

function nested(
  rule: string,
  check: Check,
  orElse: readonly unknown[],
  options?: { secret?: boolean },
): PropertyDecorator {
  return all(
    ValidateIf((_, value) => isGiven(value) && !orElse.includes(value)),
    Must(rule, check, options),
    ValidateNested(),
  );
}

export const isText: Check = (value) => typeof value === 'string' && value.trim() !== '';
export const isBoolean: Check = (value) => typeof value === 'boolean';

export function isWholeNumber(least: number, most: number): Check {
  return (value) => Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
}

export function isOneOf(...values: readonly unknown[]): Check {
  return (value) => values.includes(value);
}

export function isListOf(check: Check, least = 1): Check {
  return (value, owner) =>
    Array.isArray(value) && value.length >= least && value.every((item) => check(item, owner));
}

/** The rule of a duration, to be used with `isDuration` of the same bounds. */
export const durationRule = (least: string, most: string): string =>
  `be a time from ${least} to ${most}: ${DURATION_FORMS}`;

export function isDuration(least: string, most: string): Check {
  const [from, to] = [parseDuration(least) ?? 0, parseDuration(most) ?? Infinity];
  return (value) => {
    const parsed = parseDuration(value);
    return parsed !== undefined && parsed >= from && parsed <= to;
  };
}

/** The place of an item in a list, with its name where it has one: `triggers[0] ("order_paid")`. */
export function itemPath(list: string, index: number | string, item: unknown): string {
  const { name } = (item ?? {}) as { name?: unknown };
  return typeof name === 'string' ? `${list}[${index}] ("${name}")` : `${list}[${index}]`;
}

/** Everything that is wrong with `input` by the rules of `Rules`, each with the path of the option. */
export function problemsOf<Rules extends object>(
  Rules: ClassConstructor<Rules>,
  input: unknown,
  path = '',
): string[] {
  if (!isObject(input)) return [`${path || 'options'}: must be an object`];
  const errors = validateSync(plainToInstance(Rules, input), {
    whitelist: true,
    forbidNonWhitelisted: true,
    stopAtFirstError: true,
  });
  return errors.flatMap((error) => tell(error, path));
}

function tell(error: ValidationError, parent: string): string[] {
  const path = /^\d+$/.test(error.property)
    ? itemPath(parent, error.property, error.value)
    : [parent, error.property].filter(Boolean).join('.');
  const own = Object.entries(error.constraints ?? {}).map(([rule, message]) =>
    rule === 'whitelistValidation'
      ? `${path}: is not an option; ${suggestion(error.property, optionsOf(error.target))}`
      : `${path}: ${message}`,
  );
  return [...own, ...(error.children ?? []).flatMap((child) => tell(child, path))];
}

function optionsOf(target: object | undefined): string[] {
  const metadata = target
    ? getMetadataStorage().getTargetValidationMetadatas(target.constructor, '', true, false)
    : [];
  return [...new Set(metadata.map(({ propertyName }) => propertyName))];
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? `"${value}"` : String(value);
  const isPlain = ['string', 'number', 'boolean', 'bigint'].includes(typeof value);
  return isPlain && text.length <= LONGEST_SHOWN ? `; it is ${text}` : '';
}

function all(...decorators: readonly PropertyDecorator[]): PropertyDecorator {
  return (target, property) => {
    for (const decorate of decorators) decorate(target, property);
  };
}
