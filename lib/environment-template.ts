import { EventTriggersError, MissingEnvironmentVariableError } from './event-triggers.errors.js';

const TEMPLATE = /\{\{([^{}]*)\}\}/g;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Puts environment variables in the place of `{{NAME}}`, anywhere in a text.
 *
 * An empty variable counts as missing: a URL without its host is nobody's intention. Blanks at the end of a
 * value are dropped, because a file that a secret was read from often ends in a line break.
 *
 * @param where what the text is, for the error: `Event trigger "x": webhook`
 * @throws MissingEnvironmentVariableError for a variable that is not set
 */
export function resolveTemplate(text: string, where: string, env: Environment): string {
  const resolved = text.replace(TEMPLATE, (_, inside: string) =>
    environmentVariable(inside.trim(), where, env),
  );
  if (text.replace(TEMPLATE, '').includes('{{')) throw unclosed(where);
  return resolved;
}

/** The value of one variable. */
export function environmentVariable(name: string, where: string, env: Environment): string {
  if (!VARIABLE.test(name)) {
    throw new EventTriggersError(
      'ET_INVALID_TEMPLATE',
      `${where}: "{{${name}}}" names no environment variable`,
      { hint: 'A name has letters, digits and underscores: {{NHOST_BACKEND_URL}}.' },
    );
  }
  // Not what every object inherits: `constructor` is no variable.
  const value = Object.hasOwn(env, name) ? env[name]?.trimEnd() : undefined;
  if (value === undefined || value === '') throw new MissingEnvironmentVariableError(name, where);
  return value;
}

function unclosed(where: string): EventTriggersError {
  return new EventTriggersError('ET_INVALID_TEMPLATE', `${where}: a "{{" is never closed`, {
    hint: 'Write environment variables as {{NHOST_BACKEND_URL}}.',
  });
}
