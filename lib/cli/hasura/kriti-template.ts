import type { Plain } from './located-value.js';
import { escaped, isCode, SourceCode, type SourceValue } from './source-literal.js';

/** What a function has the payload as. */
export const PAYLOAD = 'payload';

/** A path such as `$body.event.data.new.id`, with `?` for what may be missing and `['x-y']` for odd names. */
const PATH = /^\$(body|session_variables)((?:\??\.?\[(?:'[^']*'|"[^"]*")\]|\??\.[A-Za-z_]\w*)*)$/;
const PATH_STEP = /\??\.?\[(?:'([^']*)'|"([^"]*)")\]|\??\.([A-Za-z_]\w*)/g;
const IDENTIFIER = /^[A-Za-z_]\w*$/;

/** Paths of the body that are always there, as they are. */
const FIXED: readonly string[] =
  'id created_at trigger.name table.name table.schema event.op event.data.new event.data.old delivery_info.current_retry delivery_info.max_retries'.split(
    ' ',
  );
/** Paths whose fields may be there: columns of a row, and variables of a session. */
const OPEN: readonly string[] = ['event.data.new', 'event.data.old', 'event.session_variables'];

/** Stands for an expression while the template is read as JSON: characters that mean nothing to anybody. */
const MARKED = /\uE000(\d+)\uE001/;

/**
 * What a template of Hasura makes of a payload, as source text; undefined where it does more than put parts of the payload
 * into JSON.
 */
export function bodyOfTemplate(template: string): SourceValue | undefined {
  const expressions: string[] = [];
  const json = withMarks(template, expressions);
  const codes = expressions.map(expressionOf);
  if (json === undefined || codes.includes(undefined)) return undefined;
  try {
    return withCode(JSON.parse(json) as Plain, codes as string[]);
  } catch {
    return undefined;
  }
}

/** The same of a template that is a text, as that of a header. */
export function textOfTemplate(template: string): string | SourceCode | undefined {
  const text = bodyOfTemplate(JSON.stringify(template));
  return typeof text === 'string' || isCode(text) ? text : undefined;
}

/** Puts a mark for each expression: within a text as a part of it, elsewhere as a text of its own. */
function withMarks(template: string, expressions: string[]): string | undefined {
  let json = '';
  let isText = false;
  for (let place = 0; place < template.length; place += 1) {
    const letter = template.charAt(place);
    if (template.startsWith('{{', place)) {
      const end = template.indexOf('}}', place);
      if (end < 0) return undefined;
      const mark = `\\uE000${expressions.push(template.slice(place + 2, end).trim()) - 1}\\uE001`;
      json += isText ? mark : `"${mark}"`;
      place = end + 1;
    } else if (isText && letter === '\\') {
      json += template.slice(place, place + 2);
      place += 1;
    } else {
      if (letter === '"') isText = !isText;
      json += letter;
    }
  }
  return json;
}

function withCode(value: Plain | undefined, codes: readonly string[]): SourceValue {
  if (typeof value === 'string') return textWithCode(value, codes);
  if (typeof value !== 'object' || value === null) return value ?? null;
  if (Array.isArray(value)) return value.map((item) => withCode(item, codes));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, withCode(item, codes)]),
  );
}

function textWithCode(text: string, codes: readonly string[]): SourceValue {
  const parts = text.split(MARKED);
  if (parts.length === 1) return text;
  if (parts.length === 3 && parts[0] === '' && parts[2] === '')
    return new SourceCode(codes[Number(parts[1])] ?? '');
  const inner = parts.map((part, place) =>
    place % 2 === 1 ? `\${${codes[Number(part)]}}` : escaped(part).replaceAll(/`|\$\{/g, '\\$&'),
  );
  return new SourceCode(`\`${inner.join('')}\``);
}

/** The path in TypeScript; undefined of anything that is more than a path to what is surely there. */
function expressionOf(expression: string): string | undefined {
  const [, root, path] = PATH.exec(expression) ?? [];
  if (root === undefined || path === undefined) return undefined;
  const names = [...path.matchAll(PATH_STEP)].map(([, single, double, bare]) =>
    String(single ?? double ?? bare),
  );
  const steps = root === 'body' ? names : ['event', 'session_variables', ...names];
  if (FIXED.includes(steps.join('.'))) return [PAYLOAD, ...steps].join('.');
  const [last = '', ...before] = steps.toReversed();
  const owner = before.toReversed();
  if (!OPEN.includes(owner.join('.'))) return undefined;
  const access = IDENTIFIER.test(last) ? last : `['${last.replaceAll(/['\\]/g, '\\$&')}']`;
  return `${[PAYLOAD, ...owner].join('.')}?.${access}`;
}

/** Whether a value has an expression in it, and so has to be made for each payload. */
export function usesPayload(value: SourceValue | undefined): boolean {
  if (value === undefined || typeof value !== 'object' || value === null) return false;
  if (isCode(value)) return true;
  return Object.values(value).some(usesPayload);
}
