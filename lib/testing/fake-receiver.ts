import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { RequestLog } from './request-log.js';

export interface ReceivedRequest {
  readonly method: string;
  /** With the query string, as it came. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** When the last byte had arrived. */
  readonly at: Date;
}

/** What it does with a request. */
export interface ReceiverResponse {
  /** Default: 200. */
  status?: number;
  headers?: Record<string, string | string[]>;
  body?: string;
  /** Milliseconds before it answers. */
  delayMs?: number;
  /** Breaks the connection instead of answering. */
  hangUp?: boolean;
  /** Never answers. */
  hang?: boolean;
}

/** What it does with each request; `index` counts them from 0. */
export type Responder = (
  request: ReceivedRequest,
  index: number,
) => ReceiverResponse | Promise<ReceiverResponse>;

/** A server that remembers what it was sent. */
export interface FakeReceiver {
  readonly url: string;
  /** Oldest first; those that still wait for their answer included. */
  readonly requests: readonly ReceivedRequest[];
  waitFor(count: number, timeoutMs?: number): Promise<readonly ReceivedRequest[]>;
  waitFor(
    predicate: (request: ReceivedRequest) => boolean,
    timeoutMs?: number,
  ): Promise<ReceivedRequest>;
  /** What it does from now on: always the same, one after the other (the last one stays), or what a function says. */
  respondWith(response: ReceiverScript): void;
  /** Breaks open connections, answers that are still delayed included. */
  close(): Promise<void>;
}

export type ReceiverScript = ReceiverResponse | readonly ReceiverResponse[] | Responder;

export interface FakeReceiverOptions {
  /** Default: 200. */
  respond?: ReceiverScript;
  /** Where one listened that has been closed. Default: a free port. */
  port?: number;
}

/**
 * Starts a real HTTP server on a loopback port that remembers what it is sent, and answers as it is told.
 *
 * @example
 * const receiver = await startFakeReceiver({ respond: [{ status: 503 }, { hangUp: true }, { status: 200 }] });
 * process.env.NHOST_BACKEND_URL = receiver.url;
 * …
 * const [first, second, third] = await receiver.waitFor(3);
 */
export async function startFakeReceiver(options: FakeReceiverOptions = {}): Promise<FakeReceiver> {
  const log = new RequestLog();
  const closing = new AbortController();
  let respond = responder(options.respond ?? { status: 200 });

  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch(() => outgoing.destroy());
  });

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await read(incoming);
    const index = log.requests.length;
    log.add(request);
    const {
      status = 200,
      headers = {},
      body = '',
      delayMs,
      hangUp,
      hang,
    } = await respond(request, index);
    if (hang) return;
    if (delayMs) await pause(delayMs, undefined, { signal: closing.signal });
    if (hangUp) outgoing.destroy();
    else outgoing.writeHead(status, headers).end(body);
  }

  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}`,
    requests: log.requests,
    waitFor: log.waitFor,
    respondWith(response) {
      respond = responder(response);
    },
    async close() {
      if (closing.signal.aborted) return;
      closing.abort();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** A list is gone through from the request on that comes next. */
function responder(script: ReceiverScript): Responder {
  if (typeof script === 'function') return script;
  const answers = [script].flat();
  let next = 0;
  return () => answers[Math.min(next++, answers.length - 1)] ?? {};
}

async function read(incoming: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return {
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    headers: incoming.headers,
    body: Buffer.concat(chunks).toString('utf8'),
    at: new Date(),
  };
}
