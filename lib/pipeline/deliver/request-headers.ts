import { InvalidTriggerError } from '../../event-triggers.errors.js';
import type { StoredHeader, StoredTrigger } from '../attach/stored-trigger.js';
import { PACKAGE_VERSION } from '../../package-version.js';
import { CLOUD_EVENT_HEADERS } from './cloud-event.js';
import { EVENT_HEADERS, NAME_HEADER } from './event-headers.js';
import { ROW_HEADERS } from './row-payload.js';
import {
  environmentVariable,
  resolveTemplate,
  type Environment,
} from '../../environment-template.js';

/** The webhook secret as it goes out. */
export interface OutgoingSecret {
  readonly header: string;
  readonly value: string;
}

/** RFC 9110 §5.6.2. */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110 §5.5 without its obsolete part: what every server reads alike. */
const VALUE = /^[\t\x20-\x7e]*$/;

/** They belong to the connection or to the event, or would contradict the body that is sent. */
const RESERVED = new Set([
  ...EVENT_HEADERS,
  ...CLOUD_EVENT_HEADERS,
  ...ROW_HEADERS,
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
]);

/** Whether only the sender sets the header, whose name is in lower case. */
export const isReservedHeader = (name: string): boolean => RESERVED.has(name);

/** Whether a request can carry it. */
export const isHeader = (name: string, value: string): boolean =>
  NAME.test(name) && VALUE.test(value);

/** The headers of every request of a trigger, names and values in turn, with variables resolved. */
export function requestHeaders(
  trigger: StoredTrigger,
  { secret, contentType }: { secret: OutgoingSecret | null; contentType: string },
  env: Environment,
): string[] {
  const headers = new Map<string, string>([
    ['content-type', contentType],
    ['user-agent', `nestjs-event-triggers/${PACKAGE_VERSION}`],
    [NAME_HEADER, trigger.name],
  ]);
  if (trigger.sendSecret && secret !== null) {
    headers.set(
      secret.header.toLowerCase(),
      checkedValue(trigger.name, secret.header, secret.value.trimEnd()),
    );
  }
  for (const header of trigger.headers) {
    const name = checkedName(trigger.name, header.name);
    headers.set(name, checkedValue(trigger.name, header.name, valueOf(trigger, header, env)));
  }
  return [...headers].flat();
}

function valueOf(trigger: StoredTrigger, header: StoredHeader, env: Environment): string {
  const where = `Event trigger "${trigger.name}": header ${header.name}`;
  return 'valueFromEnv' in header
    ? environmentVariable(header.valueFromEnv, where, env)
    : resolveTemplate(header.value, where, env);
}

/**
 * The name in lower case.
 *
 * @throws InvalidTriggerError for one that no request can carry, and for one that only the sender sets
 */
export function checkedName(trigger: string, name: string): string {
  if (!NAME.test(name)) {
    throw new InvalidTriggerError(trigger, `"${name}" is no name of an HTTP header`, {
      hint: 'Use letters, digits and hyphens.',
    });
  }
  if (RESERVED.has(name.toLowerCase())) {
    throw new InvalidTriggerError(trigger, `the header ${name} is set by the sender itself`, {
      hint: 'Take it out of headers.',
    });
  }
  return name.toLowerCase();
}

/**
 * The value, which stays out of the message: it may be a secret.
 *
 * @throws InvalidTriggerError for one that no request can carry
 */
export function checkedValue(trigger: string, name: string, value: string): string {
  if (VALUE.test(value)) return value;
  throw new InvalidTriggerError(
    trigger,
    `the value of header ${name} has a line break or a character outside of ASCII`,
    { hint: 'Encode it, for example as base64.' },
  );
}
