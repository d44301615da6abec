import { stringify } from 'yaml';
import type { FieldReader } from './field-reader.js';
import { plainOf } from './located-value.js';

/** What a trigger says about its requests in the language of Hasura, which has to be written anew as a function. */
export interface ImportedTransform {
  /** As YAML. */
  readonly original: string;
}

export function importTransform(trigger: FieldReader): ImportedTransform | undefined {
  const answer = trigger.take('response_transform');
  if (answer !== undefined) {
    trigger.note(
      'response_transform is left out: it only changes what Hasura logs of an answer. Here the answer is logged as it came.',
    );
  }
  const request = trigger.take('request_transform');
  if (request === undefined) return undefined;
  trigger.note(
    'request_transform has to be written anew as the function "transform": the file that --out makes has its beginning, and the original as a comment. Until then each attempt fails, and says so. With --store it is left out.',
  );
  return { original: stringify(plainOf(request), { lineWidth: 0 }).trimEnd() };
}
