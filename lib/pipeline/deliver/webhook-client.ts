import type { AxiosInstance, AxiosRequestConfig } from 'axios';
import { Agent } from 'undici';
import { bodyExcerpt } from './body-excerpt.js';
import type { Destination } from './destination.js';
import { HostAxios } from './host-axios.js';
import { exchange, type AnswerLimits, type HttpAnswer } from './http-exchange.js';
import { undiciAdapter } from './undici-adapter.js';

export interface WebhookClientSettings {
  /** Connections to one origin. */
  readonly connections: number;
  /** Milliseconds for making a connection. Default: 5 s, enough for two lost SYN packets. */
  readonly connectTimeout?: number;
  readonly limits?: AnswerLimits;
}

const CONNECT_TIMEOUT_MS = 5_000;
/** Below the 5 s after which a Node server closes an idle connection, so that none is written to as it closes. */
const KEEP_ALIVE_MS = 4_000;
/** Node gives an address 250 ms before it tries the next one, too little for a distant receiver. */
const NEXT_ADDRESS_AFTER_MS = 1_000;
/** What a person needs to see what went wrong, without the log growing by whole pages of HTML. */
const EXCERPT_BYTES = 2_048;
/** Up to here reading on is cheaper than another connection. */
const DISCARD_BYTES = 64 * 1_024;
/** How long the host's settings are believed to be as they were: looking costs as much as a tenth of a request. */
const LOOK_EVERY_MS = 100;

/**
 * Posts bodies to destinations.
 *
 * Requests belong to the host's axios instance, so that its interceptors, agents and mocks apply. While it
 * carries none, the request goes straight to undici, because then axios could only cost: a stock request
 * takes seven to thirteen times as much CPU.
 */
export class WebhookClient {
  private readonly agent: Agent;
  private readonly host: HostAxios;
  private readonly limits: AnswerLimits;
  private direct = false;
  private lookedAt = Number.NEGATIVE_INFINITY;

  constructor(axios: AxiosInstance, settings: WebhookClientSettings) {
    this.host = new HostAxios(axios);
    this.limits = settings.limits ?? { excerpt: EXCERPT_BYTES, discard: DISCARD_BYTES };
    this.agent = new Agent({
      connections: settings.connections,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // One timer of ours covers the whole attempt; these would only be beaten by a body that drips.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: {
        timeout: settings.connectTimeout ?? CONNECT_TIMEOUT_MS,
        autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_AFTER_MS,
      },
    });
  }

  /** Resolves with the answer, whatever its status; rejects where there was none. */
  async post(
    destination: Destination,
    body: string,
    traceparent: string | null = null,
  ): Promise<HttpAnswer> {
    const headers =
      traceparent === null
        ? destination.headers
        : [...destination.headers, 'traceparent', traceparent];
    if (!this.goesDirect()) return await this.postThroughHost(destination, headers, body);
    const { origin, path, timeout } = destination;
    return await exchange(
      this.agent,
      { origin, path, method: 'POST', headers, body, timeout },
      this.limits,
    );
  }

  /** Ends idle connections at once and the others with their answer. */
  async close(): Promise<void> {
    await this.agent.close();
  }

  private goesDirect(): boolean {
    const now = performance.now();
    if (now - this.lookedAt > LOOK_EVERY_MS) {
      this.lookedAt = now;
      this.direct = this.host.isUntouched();
    }
    return this.direct;
  }

  private async postThroughHost(
    destination: Destination,
    headers: readonly string[],
    body: string,
  ): Promise<HttpAnswer> {
    const signal = AbortSignal.timeout(destination.timeout);
    const transport: AxiosRequestConfig = this.host.hasOwnTransport()
      ? // As a stream, so that an endless body can be cut.
        { responseType: 'stream', timeout: destination.timeout }
      : {
          adapter: undiciAdapter(
            (request) => exchange(this.agent, request, this.limits),
            destination.timeout,
          ),
        };
    const response = await this.host.instance.request<unknown>({
      method: 'POST',
      url: destination.url,
      data: body,
      headers: { ...pairs(headers), Accept: null, 'Accept-Encoding': 'identity' },
      maxRedirects: 0,
      decompress: false,
      proxy: this.host.instance.defaults.proxy ?? false,
      validateStatus: () => true,
      transformRequest: [(data: unknown) => data],
      transformResponse: [(data: unknown) => data],
      signal,
      ...transport,
    });
    return {
      status: response.status,
      headers: Object.fromEntries(Object.entries(response.headers)) as HttpAnswer['headers'],
      body: await bodyExcerpt(response.data, this.limits, signal),
    };
  }
}

function pairs(headers: readonly string[]): Record<string, string> {
  const record: Record<string, string> = {};
  for (let place = 0; place < headers.length; place += 2) {
    record[headers[place]!] = headers[place + 1]!;
  }
  return record;
}
