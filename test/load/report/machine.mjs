// @ts-check
import { availableParallelism, cpus, loadavg } from 'node:os';

/** The server settings that figures depend on most. */
const SETTINGS = ['server_version', 'fsync', 'synchronous_commit', 'shared_buffers'];

/**
 * What the figures were measured on. A load well above the bench's own makes them worthless.
 *
 * @param {import('pg').Client} client
 */
export async function describeMachine(client) {
  const { rows } = await client.query(
    'select name, setting, unit from pg_settings where name = any ($1) order by array_position($1, name)',
    [SETTINGS],
  );
  const settings = rows.map(
    ({ name, setting, unit }) => `${name} ${setting}${unit ? ` x ${unit}` : ''}`,
  );
  const [lastMinute = 0] = loadavg();
  return [
    `${availableParallelism()} cores of ${cpus()[0]?.model.trim() ?? 'an unknown processor'}`,
    `Node ${process.versions.node}`,
    `Postgres ${settings.join(', ')}`,
    `load before the start ${lastMinute.toFixed(1)}`,
  ].join('; ');
}
