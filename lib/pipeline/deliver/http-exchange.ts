import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { DeadlineError } from './deadline.js';
import { wasClosedWhileIdle } from './lost-connection.js';

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

/** Their answers end with their headers, whatever follows: RFC 9110 §6.4.1. */
const WITHOUT_BODY = new Set([204, 304]);

/** The end of an answer of which enough has been read. */
const ENOUGH = new Error('enough of the body has been read');

/**
 * Sends one request and reads its answer up to the limits.
 *
 * On undici's dispatch, which counts chunks as they come: nothing is buffered beyond the excerpt, nothing
 * is decompressed, no redirect is followed, and one timer bounds the whole, also a body that drips. A request
 * that met a connection which the receiver had closed while it was idle is sent once more, on another one.
 */
export function exchange(
  dispatcher: Dispatcher,
  request: HttpRequest,
  limits: AnswerLimits,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    new Exchange(dispatcher, request, limits, resolve, reject).send();
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
  private wasSentAgain = false;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly dispatcher: Dispatcher,
    private readonly request: HttpRequest,
    private readonly limits: AnswerLimits,
    private readonly resolve: (answer: HttpAnswer) => void,
    private readonly reject: (error: unknown) => void,
  ) {
    this.timer = setTimeout(() => this.expire(), request.timeout);
  }

  send(): void {
    const { origin, path, method, headers, body } = this.request;
    this.dispatcher.dispatch({ origin, path, method, headers: headers as string[], body }, this);
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
    if (error === ENOUGH || WITHOUT_BODY.has(this.status)) {
      this.succeed();
      return;
    }
    if (this.maySendAgain(error)) {
      this.wasSentAgain = true;
      this.send();
      return;
    }
    clearTimeout(this.timer);
    this.reject(this.expired ?? error);
  }

  private maySendAgain(error: Error): boolean {
    const isUnanswered = this.status === 0 && this.expired === null;
    return isUnanswered && !this.wasSentAgain && wasClosedWhileIdle(error);
  }

  private succeed(): void {
    clearTimeout(this.timer);
    const [first] = this.chunks;
    const body =
      first !== undefined && this.chunks.length === 1 ? first : Buffer.concat(this.chunks);
    this.resolve({ status: this.status, headers: this.headers, body });
  }

  private expire(): void {
    this.expired = new DeadlineError(this.request.timeout, this.phase);
    this.controller?.abort(this.expired);
    this.reject(this.expired);
  }
}
