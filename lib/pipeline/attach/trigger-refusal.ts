import { InvalidTriggerError } from '../../event-triggers.errors.js';
import { INVALID_TRIGGER } from '../../schema/migrations/0002-capture-conditions.sql.js';
import { sqlState } from './attach-connection.js';

/** What to throw for an error that Postgres raised about the trigger called `name`: that of a definition says whose it was. */
export function refusalOf(name: string, error: unknown): unknown {
  if (sqlState(error) !== INVALID_TRIGGER) return error;
  const { message, hint } = error as { message: string; hint?: string };
  const problem = message.replace(`event trigger "${name}": `, '');
  return new InvalidTriggerError(name, problem, { cause: error, ...(hint && { hint }) });
}
