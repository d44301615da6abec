// @ts-check
import { createServer } from 'node:net';
import { freePort } from '../test/support/free-port.mjs';
import { CannotStart } from './cannot-start.mjs';

const PREFERRED_PORT = 3000;
const HIGHEST_PORT = 65_535;
/** `localhost` leads to any of them, and on some systems one is free although another is not. */
const HOSTS = ['::', '0.0.0.0', '::1', '127.0.0.1'];
const HOST_IS_MISSING = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL']);

/**
 * PORT, which has to be free; without it the usual port, or any other when that is taken.
 *
 * @returns {Promise<number>}
 */
export async function choosePort() {
  const given = process.env['PORT'];
  if (!given) return (await obstacleAt(PREFERRED_PORT)) ? freePort() : PREFERRED_PORT;
  const port = Number(given);
  if (!Number.isInteger(port) || port < 1 || port > HIGHEST_PORT) {
    throw new CannotStart(`PORT is '${given}', which is no port; set PORT to a number up to 65535`);
  }
  const obstacle = await obstacleAt(port);
  if (obstacle === 'EADDRINUSE') throw new CannotStart(`port ${port} is in use; set PORT`);
  if (obstacle) throw new CannotStart(`port ${port} is not for us (${obstacle}); set PORT`);
  return port;
}

/**
 * @param {number} port
 * @returns {Promise<string | undefined>} the code of the error that listening ends with
 */
async function obstacleAt(port) {
  for (const host of HOSTS) {
    const code = await tryToListen(port, host);
    if (code && !HOST_IS_MISSING.has(code)) return code;
  }
  return undefined;
}

/**
 * @param {number} port
 * @param {string} host
 * @returns {Promise<string | undefined>}
 */
function tryToListen(port, host) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (/** @type {NodeJS.ErrnoException} */ error) => resolve(error.code));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}
