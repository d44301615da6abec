import { Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { ServerResponse } from 'node:http';
import { rawOf, type HostResponse } from '../host-response.js';

/** Sends answers by itself: an interceptor of the host's that wraps answers would break every client of these. */
@Injectable()
export class Answers {
  constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

  send(response: HostResponse, body: object, status = 200): void {
    const { httpAdapter } = this.host;
    // It changes with every event, and is for whoever asked.
    httpAdapter.setHeader(response, 'Cache-Control', 'no-store');
    httpAdapter.reply(response, body, status);
  }

  /** Begins an answer that is written piece by piece. */
  begin(response: HostResponse, contentType: string): ServerResponse {
    if ('raw' in response) response.hijack?.();
    const raw = rawOf(response);
    raw.writeHead(200, {
      'content-type': contentType,
      'cache-control': 'no-store, no-transform',
      // nginx keeps answers back otherwise
      'x-accel-buffering': 'no',
    });
    raw.flushHeaders();
    return raw;
  }
}

/** Aborted when the client has got its answer, or goes away without. */
export function goneWith(response: HostResponse): AbortSignal {
  const controller = new AbortController();
  rawOf(response).once('close', () => controller.abort());
  return controller.signal;
}

/** Also through a middleware of the host's that compresses. */
export function writeNow(raw: ServerResponse, text: string): void {
  raw.write(text);
  (raw as ServerResponse & { flush?: () => void }).flush?.();
}
