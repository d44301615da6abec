import { stringify } from 'yaml';
import type { HeaderDefinition } from '../../pipeline/attach/trigger-definition.js';
import { FieldReader } from './field-reader.js';
import { isImportable, type ImportedRequest } from './imported-request.js';
import { bodyOfTemplate, textOfTemplate } from './kriti-template.js';
import { isMap, mapOf, plainOf, textOf, type Located } from './located-value.js';
import { isCode, type SourceValue } from './source-literal.js';

/** What a trigger says about its requests in the language of Hasura, which has to be a function here. */
export interface ImportedTransform {
  /** As YAML. */
  readonly original: string;
  /** What the function returns; undefined where somebody has to write it. */
  readonly returns?: { readonly [key: string]: SourceValue };
}

interface Transformed {
  readonly request: ImportedRequest;
  readonly transform?: ImportedTransform;
}

/** A request as it is after its request_transform: what is the same for all events as options, the rest as a function. */
export function importTransform(trigger: FieldReader, request: ImportedRequest): Transformed {
  if (trigger.take('response_transform') !== undefined) {
    trigger.note(
      'response_transform is left out: it only changes what Hasura logs of an answer. Here the answer is logged as it came.',
    );
  }
  const given = trigger.take('request_transform');
  if (given === undefined) return { request };
  const original = stringify(plainOf(given), { lineWidth: 0 }).trimEnd();
  const translated = translate(given, request, trigger.notes);
  if (translated === undefined) {
    trigger.note(
      'request_transform has to be written anew as the function "transform": the file that --out makes has its beginning, and the original as a comment. Until then each attempt fails, and says so. With --store the trigger is left out.',
    );
    return { request, transform: { original } };
  }
  const { returns } = translated;
  if (Object.keys(returns).length === 0) {
    trigger.note('request_transform became the URL and the headers of the definition.');
    return { request: translated.request };
  }
  trigger.note(
    'request_transform became the function "transform": compare it with the original, which stands above it. With --store the trigger is left out.',
  );
  return { request: translated.request, transform: { original, returns } };
}

interface Translated {
  readonly request: ImportedRequest;
  readonly returns: { readonly [key: string]: SourceValue };
}

/** Undefined where any part of it is more than can be said. */
function translate(
  given: Located,
  { headers: before = [], ...request }: ImportedRequest,
  notes: string[],
): Translated | undefined {
  const unknown: string[] = [];
  const fields = new FieldReader(given, 'request_transform', unknown);
  // Said of each, and the same in each version.
  for (const name of ['version', 'template_engine', 'content_type']) fields.take(name);
  const method = fields.text('method') ?? 'POST';
  const webhook = urlOf(fields.text('url'), request.webhook);
  const body = bodyOf(fields.take('body'));
  const headers = headersOf(fields.group('request_headers'), before, notes);
  const params = fields.take('query_params');
  const hasParams = params !== undefined && !(isMap(params.content) && params.content.size === 0);
  fields.noteOthers();
  if (method.toUpperCase() !== 'POST' || webhook === undefined || hasParams) return undefined;
  if (body === null || headers === undefined || unknown.length > 0) return undefined;
  const { fixed, returned } = headers;
  return {
    request: { webhook, ...(fixed.length === 0 ? {} : { headers: fixed }), sendSecret: false },
    returns: {
      ...(Object.keys(returned).length === 0 ? {} : { headers: returned }),
      ...(body === undefined ? {} : { body }),
    },
  };
}

/** What follows the URL of the trigger, or another URL. */
function urlOf(template: string | undefined, webhook: string): string | undefined {
  if (template === undefined) return webhook;
  const [before, after, ...more] = template.split(/\{\{\s*\$base_url\s*\}\}/);
  if (before === '' && after !== undefined && more.length === 0) {
    const isSimple = !after.includes('{{') && (after === '' || !/[?#]/.test(webhook));
    return isSimple ? `${webhook}${after}` : undefined;
  }
  return template.includes('{{') ? undefined : template;
}

/** Undefined for the usual one, null for one that cannot be said. */
function bodyOf(given: Located | undefined): SourceValue | undefined {
  if (given === undefined) return undefined;
  const unknown: string[] = [];
  const template = isMap(given.content)
    ? templateIn(new FieldReader(given, 'body', unknown))
    : textOf(given, 'request_transform.body');
  if (template === undefined || unknown.length > 0) return null;
  return bodyOfTemplate(template) ?? null;
}

function templateIn(body: FieldReader): string | undefined {
  const action = body.text('action') ?? 'transform';
  const template = body.text('template');
  body.noteOthers();
  return action === 'transform' ? template : undefined;
}

interface Headers {
  readonly fixed: HeaderDefinition[];
  readonly returned: { readonly [name: string]: SourceValue };
}

/** Undefined where one cannot be said. */
function headersOf(
  group: FieldReader | undefined,
  before: readonly HeaderDefinition[],
  notes: string[],
): Headers | undefined {
  const removed = (group?.list('remove_headers') ?? []).map((name) =>
    textOf(name, 'the name of a header').toLowerCase(),
  );
  for (const name of removed.filter((one) => !isImportable(one)))
    notes.push(`The header ${name} goes along all the same: the sender sets it itself.`);
  const fixed = before.filter(({ name }) => !removed.includes(name.toLowerCase()));
  const returned: Record<string, SourceValue> = {};
  const added = group?.take('add_headers');
  for (const [name, template] of added === undefined ? [] : mapOf(added, 'add_headers')) {
    const value = textOfTemplate(textOf(template, `the header ${name}`));
    if (value === undefined || !isImportable(name)) return undefined;
    if (isCode(value)) returned[name] = value.asText();
    else fixed.push({ name, value });
  }
  return { fixed, returned };
}
