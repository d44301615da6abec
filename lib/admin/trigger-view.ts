import type { HeaderDefinition } from '../pipeline/attach/trigger-definition.js';
import type { RunTimeTriggerDefinition } from '../pipeline/attach/run-time-trigger.js';
import type { TriggerSummary } from '../pipeline/retry/trigger-list.js';

/** A header whose value is not shown; sent back as it is, it stays what it was. */
interface HiddenHeader {
  readonly name: string;
  readonly value: null;
  readonly isHidden: true;
}

/** What the API says of a trigger: no value of a header that stands in it. A URL with a password is refused anyway. */
export function triggerView({ made, ...others }: TriggerSummary): object {
  const headers = made?.headers;
  return {
    ...others,
    made: headers === undefined ? made : { ...made, headers: headers.map(hidden) },
  };
}

/** The name of a variable is no secret; what is literal may be one. */
function hidden(header: HeaderDefinition): HeaderDefinition | HiddenHeader {
  if ('valueFromEnv' in header) return header;
  return { name: header.name, value: null, isHidden: true };
}

/** Changes as they were sent, with what was hidden from the sender put back. */
export function unhidden(changes: object, before: RunTimeTriggerDefinition | null): object {
  const { headers } = changes as { headers?: unknown };
  if (!Array.isArray(headers)) return changes;
  return { ...changes, headers: headers.map((header) => asBefore(header, before?.headers ?? [])) };
}

function asBefore(header: unknown, before: readonly HeaderDefinition[]): unknown {
  const { name, isHidden } = (header ?? {}) as Partial<HiddenHeader>;
  if (isHidden !== true) return header;
  return before.find((one) => one.name === name) ?? { name };
}
