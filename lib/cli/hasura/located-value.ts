import { EventTriggersError } from '../../event-triggers.errors.js';

/** Where something stands in the metadata. */
export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** A value of the metadata that knows where it was written, so that whoever refuses it can say so. */
export interface Located extends Place {
  readonly content: LocatedContent;
}

export type LocatedContent =
  null | boolean | number | string | readonly Located[] | ReadonlyMap<string, Located>;

/** A value without its places. */
export type Plain =
  null | boolean | number | string | Plain[] | { readonly [key: string]: Plain | undefined };

/**
 * What the command throws for metadata that it cannot use.
 *
 * @param fix what to do about it, as a sentence
 */
export function invalidMetadata({ file, line }: Place, problem: string, fix: string): Error {
  return new EventTriggersError('ET_INVALID_METADATA', `${file}:${line}: ${problem}`, {
    hint: fix,
  });
}

/** @param what the value is, for the error: `the trigger "order_created"` */
export function mapOf(value: Located, what: string): ReadonlyMap<string, Located> {
  if (isMap(value.content)) return value.content;
  throw invalidMetadata(
    value,
    `${what} is ${kindOf(value)}`,
    'Write it as fields with their values.',
  );
}

/** @param what the value is, for the error */
export function listOf(value: Located, what: string): readonly Located[] {
  if (isList(value.content)) return value.content;
  throw invalidMetadata(value, `${what} is ${kindOf(value)}`, 'Write it as a list.');
}

/** @param what the value is, for the error */
export function textOf(value: Located, what: string): string {
  if (typeof value.content === 'string') return value.content;
  throw invalidMetadata(value, `${what} is ${kindOf(value)}`, 'Write it as a text, in quotes.');
}

/** The value as JSON knows it. */
export function plainOf({ content }: Located): Plain {
  if (isList(content)) return content.map(plainOf);
  if (!isMap(content)) return content;
  return Object.fromEntries([...content].map(([key, value]) => [key, plainOf(value)]));
}

export const isMap = (content: LocatedContent): content is ReadonlyMap<string, Located> =>
  content instanceof Map;

export const isList = (content: LocatedContent): content is readonly Located[] =>
  Array.isArray(content);

/** What a value is, for a sentence. */
export function kindOf({ content }: Located): string {
  if (content === null) return 'empty';
  if (isMap(content)) return 'a group of fields';
  if (isList(content)) return 'a list';
  return `the ${typeof content === 'string' ? 'text' : typeof content} ${JSON.stringify(content)}`;
}
