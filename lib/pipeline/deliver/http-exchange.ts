import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { DeadlineError } from './deadline.js';

/** One request as it goes on the wire. */
export interface HttpRequest {
  readonly origin: string;
  readonly path: string;
  readonly method: 'POST' | 'GET' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD' | 'OPTIONS';
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: string | Buffer | null;
  /** Total time in milliseconds: connecting, sending, and reading the answer to its end. */
  readonly timeout: number;
}

/** What is kept of an answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The beginning of the body. */
  readonly body: Buffer;
}

/** How much of an answer is read. */
export interface AnswerLimits {
  /** Bytes of the body that are kept. */
  readonly excerpt: number;
  /** Bytes after which the connection is dropped instead of read empty for its next use. */
  readonly discard: number;
}

/** The end of an answer of which enough has been read. */
const ENOUGH = new Error('enough of the body has been read');

/**
 * Sends one request and reads its answer up to the limits.
 *
 * On undici's dispatch, which counts chunks as they come: nothing is buffered beyond the excerpt, nothing
 * is decompressed, no redirect is followed, and one timer bounds the whole, also a body that drips.
 */
export function exchange(
  dispatcher: Dispatcher,
  request: HttpRequest,
  limits: AnswerLimits,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    dispatcher.dispatch(
      {
        origin: request.origin,
        path: request.path,
        method: request.method,
        headers: request.headers as string[],
        body: request.body,
      },
      new Exchange(request.timeout, limits, resolve, reject),
    );
  });
}

class Exchange implements Dispatcher.DispatchHandler {
  private controller: Dispatcher.DispatchController | null = null;
  private phase = 'connecting';
  private status = 0;
  private headers: IncomingHttpHeaders = {};
  private readonly chunks: Buffer[] = [];
  private bytes = 0;
  private expired: DeadlineError | null = null;
  private readonly timer: NodeJS.Timeout;

  constructor(
    timeout: number,
    private readonly limits: AnswerLimits,
    private readonly resolve: (answer: HttpAnswer) => void,
    private readonly reject: (error: unknown) => void,
  ) {
    this.timer = setTimeout(() => this.expire(timeout), timeout);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    this.phase = 'waiting for the answer';
    // The time was over while the connection was still being made.
    if (this.expired !== null) controller.abort(this.expired);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: IncomingHttpHeaders,
  ): void {
    this.phase = 'reading the answer';
    this.status = statusCode;
    this.headers = headers;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const room = this.limits.excerpt - this.bytes;
    if (room > 0) this.chunks.push(room < chunk.length ? chunk.subarray(0, room) : chunk);
    this.bytes += chunk.length;
    if (this.bytes > this.limits.discard) controller.abort(ENOUGH);
  }

  onResponseEnd(): void {
    this.succeed();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (error === ENOUGH) {
      this.succeed();
      return;
    }
    clearTimeout(this.timer);
    this.reject(this.expired ?? error);
  }

  private succeed(): void {
    clearTimeout(this.timer);
    const [first] = this.chunks;
    const body =
      first !== undefined && this.chunks.length === 1 ? first : Buffer.concat(this.chunks);
    this.resolve({ status: this.status, headers: this.headers, body });
  }

  private expire(timeout: number): void {
    this.expired = new DeadlineError(timeout, this.phase);
    this.controller?.abort(this.expired);
    this.reject(this.expired);
  }
}
