import pg from 'pg';
import { inject } from 'vitest';
import { buildOutdated } from '../../sample-app/build-outdated.mjs';

/** Builds the library and its console where they are older than their sources; other test files wait meanwhile. */
export async function buildLibrary(): Promise<void> {
  const server = new pg.Client(inject('serverUrl'));
  await server.connect();
  try {
    await server.query(`select pg_advisory_lock(hashtext('building the library'))`);
    buildOutdated(['lib', 'console']);
  } finally {
    await server.end();
  }
}
