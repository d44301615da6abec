import type { Socket } from 'node:net';

/** The errors of requests that met a closed connection: an error does not say on which socket it came. */
const closedWhileIdle = new WeakSet<Error>();

/** As undici names a connection that the other side has ended. */
class ClosedWhileIdleError extends Error {
  readonly code = 'UND_ERR_SOCKET';

  constructor() {
    super('the other side closed the connection while it was idle');
  }
}

/**
 * Lets `wasClosedWhileIdle` tell what becomes of a socket that has just been connected.
 *
 * Receivers, and proxies in front of them, close idle connections when they like, and no sender can know in time.
 * What was read when a request was written tells both whether the connection had brought an answer before and, if
 * nothing has come since, that the receiver has not begun with this one.
 */
export function watchForLoss(socket: Socket): void {
  let readBefore = 0;
  const write = socket.write.bind(socket) as (...parameters: unknown[]) => boolean;
  socket.write = (...parameters: unknown[]) => {
    readBefore = socket.bytesRead;
    return write(...parameters);
  };
  const isUnanswered = (): boolean => readBefore > 0 && socket.bytesRead === readBefore;
  // Before undici's own listeners, which hand the error on.
  socket.prependListener('error', (error) => {
    if (isUnanswered()) closedWhileIdle.add(error);
  });
  socket.prependListener('end', () => {
    if (isUnanswered()) socket.destroy(new ClosedWhileIdleError());
  });
}

/**
 * Whether a request failed because its connection, which had carried others before, was closed before a byte of its
 * answer: most likely it was never read.
 */
export function wasClosedWhileIdle(error: Error): boolean {
  return closedWhileIdle.has(error);
}
