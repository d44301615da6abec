// @ts-check
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

const POLL_INTERVAL = 100;

/**
 * Waits until the child listens on the port; false when it ended before that.
 *
 * @param {import('node:child_process').ChildProcess} child
 * @param {number} port
 */
export async function acceptsConnections(child, port) {
  while (child.exitCode === null && child.signalCode === null) {
    if (await answers(port)) return true;
    await pause(POLL_INTERVAL);
  }
  return false;
}

/** @param {number} port */
async function answers(port) {
  const socket = connect(port, 'localhost');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
