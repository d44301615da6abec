import { once } from 'node:events';
import type { Socket } from 'node:net';

/** What has to become of an attempt. */
export interface Expectation {
  readonly kind: 'delivered' | 'retry' | 'rejected';
  /** Null where no answer counts. */
  readonly status: number | null;
  readonly code?: RegExp;
  /** Part of the body that is kept. */
  readonly body?: RegExp;
  /** Ends by the timeout of the attempt, and not before. */
  readonly timesOut?: boolean;
}

/** A way for a receiver to misbehave. */
export interface Fault extends Expectation {
  /** What the receiver does, as the end of a sentence. */
  readonly name: string;
  readonly misbehave: (socket: Socket) => void;
  /** Where Node's own client, which agents of the host's belong to, takes it otherwise. */
  readonly throughAgents?: Partial<Expectation>;
  /** Size of the row that is sent. Default: a few bytes. */
  readonly rowBytes?: number;
}

export const CRLF = '\r\n';
export const OK = `HTTP/1.1 200 OK${CRLF}`;
export const EMPTY = `content-length: 0${CRLF}${CRLF}`;

/** Answers with the text. */
export const says =
  (text: string) =>
  (socket: Socket): void =>
    void socket.write(text, 'latin1');

/** Answers with the text and ends the connection. */
export const saysAndLeaves =
  (text: string) =>
  (socket: Socket): void =>
    void socket.end(text, 'latin1');

/** Writes again and again, a bit at a time, until the other side has gone. */
export const drips =
  (before: string, text: string) =>
  (socket: Socket): void => {
    socket.write(before);
    const timer = setInterval(() => socket.write(text), DRIP_MS);
    socket.once('close', () => clearInterval(timer));
  };

/** Writes as fast as the other side reads, until it has gone or so many bytes are written. */
export const floods =
  (before: string, text: string | Buffer, mostBytes = Number.POSITIVE_INFINITY) =>
  (socket: Socket): void => {
    socket.write(before);
    void pour(socket, Buffer.from(text), mostBytes);
  };

const DRIP_MS = 20;

async function pour(socket: Socket, piece: Buffer, mostBytes: number): Promise<void> {
  let written = 0;
  while (!socket.destroyed && written < mostBytes) {
    written += piece.length;
    // The receiver's own memory would be measured with the sender's.
    if (!socket.write(piece))
      await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => undefined);
    else await new Promise(setImmediate);
  }
}
