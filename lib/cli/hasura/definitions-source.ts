import type { ImportPlan } from './import-plan.js';
import type { ImportedTrigger } from './imported-trigger.js';
import type { ImportedTransform } from './imported-transform.js';
import { PAYLOAD, usesPayload } from './kriti-template.js';
import {
  brokenLiteral,
  LINE_WIDTH,
  property,
  textLiteral,
  type SourceValue,
} from './source-literal.js';

const INDENT = 2;
/** All definitions, for `forRoot` or `forFeature`. */
const LIST = 'importedTriggers';
const PAYLOAD_TYPE = 'type EventTriggerPayload';
/** What no constant may be called, or is called by the file itself. */
const TAKEN: readonly string[] =
  `${LIST} defineTrigger ${PAYLOAD} arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch this throw true try typeof undefined var void while with yield`.split(
    ' ',
  );

/** Whatever a line may end with in one of the languages concerned. */
const LINE_BREAK = /\r\n|[\n\r\u2028\u2029]/;

/**
 * The plan as a file of TypeScript with a definition for each trigger.
 *
 * @param from where the metadata was read, for the comment on top
 */
export function definitionsSource({ triggers, source }: ImportPlan, from: string): string {
  const names = constantNames(triggers.map(({ definition }) => definition.name));
  const constants = triggers.map(
    (trigger, place) => `${commentOf(trigger)}export const ${names[place]} = ${call(trigger)};\n`,
  );
  const imports = [
    'defineTrigger',
    ...(triggers.some(({ transform }) => usesPayload(transform?.returns)) ? [PAYLOAD_TYPE] : []),
  ];
  return [
    comment(
      `Made by import-hasura of nestjs-event-triggers from ${from}, database "${source}".`,
      0,
    ),
    `import { ${imports.join(', ')} } from 'nestjs-event-triggers';\n`,
    ...constants,
    `export const ${LIST} = ${list(names, `export const ${LIST} = `.length)};\n`,
  ].join('\n');
}

/** For each name of a trigger another constant, in camel case. */
export function constantNames(names: readonly string[]): string[] {
  const given = new Set(TAKEN);
  return names.map((name) => {
    const base = name
      .replaceAll(/[^A-Za-z0-9]+(.)?/g, (_, next: string | undefined) => next?.toUpperCase() ?? '')
      .replace(/^([0-9]|$)/, 'trigger$1')
      .replace(/^[A-Z]/, (first) => first.toLowerCase());
    let constant = base;
    for (let count = 2; given.has(constant); count += 1) constant = `${base}${count}`;
    given.add(constant);
    return constant;
  });
}

function call({ definition, transform }: ImportedTrigger): string {
  const properties = Object.entries(definition).map(
    ([key, value]) => `${' '.repeat(INDENT)}${property(key, value as SourceValue, INDENT)},\n`,
  );
  const last = transform === undefined ? '' : transformSource(definition.name, transform);
  return `defineTrigger({\n${properties.join('')}${last}})`;
}

function transformSource(name: string, { original, returns }: ImportedTransform): string {
  const pad = ' '.repeat(INDENT);
  const before = `In Hasura:\n${original}`;
  if (returns === undefined)
    return `${pad}transform: () => {\n${comment(before, INDENT * 2)}${failure(name)}${pad}},\n`;
  const parameter = usesPayload(returns) ? `${PAYLOAD}: EventTriggerPayload` : '';
  return `${comment(before, INDENT)}${pad}transform: (${parameter}) => (${brokenLiteral(returns, INDENT)}),\n`;
}

/** A function that somebody has to write fails until then: nothing goes out in a form that no receiver expects. */
function failure(name: string): string {
  const pad = ' '.repeat(INDENT * 2);
  const message = textLiteral(`The transform of "${name}" is not written yet`);
  const statement = `${pad}throw new Error(${message});\n`;
  return statement.length - 1 > LINE_WIDTH
    ? `${pad}throw new Error(\n${pad}${' '.repeat(INDENT)}${message},\n${pad});\n`
    : statement;
}

const commentOf = ({ comment: text }: ImportedTrigger): string =>
  text === undefined ? '' : comment(text, 0);

function comment(text: string, indent: number): string {
  return text
    .split(LINE_BREAK)
    .map((line) => `${' '.repeat(indent)}${`// ${line}`.trimEnd()}\n`)
    .join('');
}

function list(names: readonly string[], before: number): string {
  const inline = `[${names.join(', ')}]`;
  if (before + inline.length + 1 <= LINE_WIDTH) return inline;
  return `[\n${names.map((name) => `${' '.repeat(INDENT)}${name},\n`).join('')}]`;
}
