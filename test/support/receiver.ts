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

export interface ReceiverResponse {
  status?: number;
  headers?: Record<string, string | string[]>;
  body?: string;
  delayMs?: number;
  /** Breaks the connection instead of answering. */
  hangUp?: boolean;
}

/** `index` counts the requests from 0. */
export type Responder = (
  request: ReceivedRequest,
  index: number,
) => ReceiverResponse | Promise<ReceiverResponse>;

export interface Receiver {
  readonly url: string;
  /** Oldest first; those that still wait for their answer included. */
  readonly requests: readonly ReceivedRequest[];
  waitFor(count: number, timeoutMs?: number): Promise<readonly ReceivedRequest[]>;
  waitFor(
    predicate: (request: ReceivedRequest) => boolean,
    timeoutMs?: number,
  ): Promise<ReceivedRequest>;
  respondWith(response: ReceiverResponse | Responder): void;
  /** Breaks open connections, answers that are still delayed included. */
  close(): Promise<void>;
}

export interface ReceiverOptions {
  respond?: ReceiverResponse | Responder;
  /** Where one listened that has been closed. Default: a free port. */
  port?: number;
}

/** A real HTTP server on a loopback port that records what it is sent. */
export async function startReceiver(options: ReceiverOptions = {}): Promise<Receiver> {
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
    } = await respond(request, index);
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

function responder(response: ReceiverResponse | Responder): Responder {
  return typeof response === 'function' ? response : () => response;
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
