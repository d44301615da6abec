import pg from 'pg';
import { startPostgres, type RunningPostgres } from '../../support/postgres/start-postgres.mjs';
import type { ShopDatabase } from '../checks/journey.js';
import { installed } from './installation.js';

/** Those that the repository has for its own tests. */
const OWN = ['15', '18'];

/** Whether there is a server of a major version on this platform. */
export const hasServer = (version: string): boolean =>
  OWN.includes(version) || (process.platform === 'linux' && process.arch === 'x64');

/** A server of a major version, whose database goes away with it. */
export async function startDatabase(version: string): Promise<ShopDatabase> {
  const server = await startPostgres({
    version,
    ...(!OWN.includes(version) && { installedIn: await installed('postgres') }),
  });
  const pool = new pg.Pool({ connectionString: server.url, allowExitOnIdle: true });
  return {
    url: server.url,
    query: async <Row extends pg.QueryResultRow>(sql: string, parameters?: unknown[]) =>
      (await pool.query<Row>(sql, parameters)).rows,
    drop: () => end(pool, server),
  };
}

async function end(pool: pg.Pool, server: RunningPostgres): Promise<void> {
  await pool.end();
  await server.stop();
}
