// @ts-check
import { once } from 'node:events';
import { createServer } from 'node:http';
import { now } from '../clock.mjs';
import { cpuMilliseconds } from '../processes/cpu.mjs';
import { serve } from '../processes/serve.mjs';
import { BODY, HEADERS, STATUS } from './answer.mjs';
import { Tally } from './tally.mjs';

/** Longer than any pause of a sender, so that nobody pays for a second connection. */
const KEEP_ALIVE_MS = 60_000;

let tally = new Tally({ arrivals: false });
/** @type {string | undefined} */
let hangs;
let cpuBefore = 0;

const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
  const arrivedAt = now();
  /** @type {Buffer[]} */
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const [only] = chunks;
    const body = only && chunks.length === 1 ? only : Buffer.concat(chunks);
    tally.add(request, body, arrivedAt);
    if (hangs !== undefined && body.includes(hangs)) return;
    response.writeHead(STATUS, HEADERS).end(BODY);
  });
});

serve({
  async listen() {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    return `http://127.0.0.1:${port}/webhook`;
  },
  /** @param {{ arrivals: boolean, hangs?: string }} options */
  begin(options) {
    tally = new Tally(options);
    hangs = options.hangs;
    cpuBefore = cpuMilliseconds();
  },
  tally() {
    const { requests, bodyBytes, ids, arrivals, sample } = tally;
    const cpu = cpuMilliseconds() - cpuBefore;
    return { requests, bodyBytes, distinct: ids.size, arrivals: [...arrivals], sample, cpu };
  },
});
