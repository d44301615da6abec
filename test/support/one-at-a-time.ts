import pg from 'pg';
import { inject } from 'vitest';

/** Does what other test files of this run must not do meanwhile; they wait. */
export async function oneAtATime<Result>(
  what: string,
  work: () => Result | Promise<Result>,
): Promise<Result> {
  const server = new pg.Client(inject('serverUrl'));
  await server.connect();
  try {
    await server.query('select pg_advisory_lock(hashtext($1))', [what]);
    return await work();
  } finally {
    await server.end();
  }
}
