// @ts-check
import pg from 'pg';
import { CannotStart } from './cannot-start.mjs';

const EXAMPLE = 'postgres://user:password@localhost:5432/name';

/**
 * Where DATABASE_URL leads, as the driver reads it, without the password.
 *
 * @param {string} url
 * @returns {string}
 */
export function describeDatabase(url) {
  // The driver takes any word for the name of a database.
  if (!/^postgres(ql)?:\/\//.test(url)) {
    throw new CannotStart(`DATABASE_URL is no connection string such as ${EXAMPLE}`);
  }
  try {
    const { host, port, database } = new pg.Client({ connectionString: url });
    return `${host}:${port}/${database ?? ''}`;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CannotStart(`DATABASE_URL is no connection string such as ${EXAMPLE}: ${reason}`);
  }
}
