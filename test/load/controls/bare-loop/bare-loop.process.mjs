// @ts-check
import { Pool } from 'undici';
import { now } from '../../clock.mjs';
import { cpuMilliseconds } from '../../processes/cpu.mjs';
import { serve } from '../../processes/serve.mjs';
import { preparedBodies } from './prepared-bodies.mjs';

/** As many as the engine has under way by default. */
const IN_FLIGHT = 64;
const HEADERS = { 'content-type': 'application/json', 'user-agent': 'bare-loop' };

serve({
  /** Posts prepared bodies and does nothing else: what is left is HTTP. */
  async post(/** @type {{ url: string, events: number }} */ { url, events }) {
    const { origin, pathname: path } = new URL(url);
    const bodies = preparedBodies(events);
    const pool = new Pool(origin, { connections: IN_FLIGHT, pipelining: 1 });
    let next = 0;

    async function lane() {
      while (next < bodies.length) {
        const body = bodies[next++];
        const response = await pool.request({ path, method: 'POST', headers: HEADERS, body });
        await response.body.text();
        if (response.statusCode !== 200) throw new Error(`answered ${response.statusCode}`);
      }
    }

    const startedAt = now();
    const cpuBefore = cpuMilliseconds();
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
    const result = { milliseconds: now() - startedAt, cpu: cpuMilliseconds() - cpuBefore };
    await pool.close();
    return result;
  },
});
