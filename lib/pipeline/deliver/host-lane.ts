import axios, { type AxiosInstance, type AxiosRequestConfig, type AxiosResponse } from 'axios';
import { bodyExcerpt } from './body-excerpt.js';
import { Deadlines, type Deadline } from './deadline.js';
import type { WebhookDestination } from './destination.js';
import type { AnswerLimits, HttpAnswer, HttpRequest } from './http-exchange.js';
import { hostAdapter } from './host-adapter.js';

const LOWEST_STATUS = 100;
const HIGHEST_STATUS = 999;

/** Requests through the host's axios instance, with everything that the host has made of it. */
export class HostLane {
  private readonly deadlines = new Deadlines();

  constructor(
    private readonly instance: AxiosInstance,
    private readonly send: (request: HttpRequest, limits: AnswerLimits) => Promise<HttpAnswer>,
  ) {}

  /** Resolves with the answer, whatever its status; rejects where there was none in time. */
  async post(
    destination: WebhookDestination,
    headers: readonly string[],
    body: string,
  ): Promise<HttpAnswer> {
    return await this.deadlines.within(
      destination.timeout,
      "in the host's axios instance",
      (deadline) => this.answer(destination, headers, body, deadline),
    );
  }

  /** Gives up what is under way. */
  abort(reason: Error): void {
    this.deadlines.abort(reason);
  }

  private async answer(
    { url, answer: limits }: WebhookDestination,
    headers: readonly string[],
    body: string,
    deadline: Deadline,
  ): Promise<HttpAnswer> {
    const { proxy = false, adapter } = this.instance.defaults;
    const response = await this.response({
      ...RAW,
      url,
      data: body,
      headers: pairs(headers),
      proxy,
      adapter: hostAdapter(
        this.instance,
        adapter,
        (request) => this.send(request, limits),
        deadline,
      ),
    });
    return {
      status: statusOf(response),
      headers: headersOf(response),
      body: await bodyExcerpt(response.data, limits, () => deadline.signal()),
    };
  }

  /** An adapter or an interceptor of the host's may raise what is an answer all the same. */
  private async response(config: AxiosRequestConfig): Promise<AxiosResponse<unknown>> {
    try {
      return await this.instance.request<unknown>(config);
    } catch (error) {
      if (axios.isAxiosError<unknown>(error) && error.response !== undefined) return error.response;
      throw error;
    }
  }
}

/** A body goes out and an answer comes in as they are. */
const RAW = {
  method: 'POST',
  maxRedirects: 0,
  decompress: false,
  // The answer is cut and not refused; what is sent was bounded when it was captured.
  maxContentLength: -1,
  maxBodyLength: -1,
  validateStatus: () => true,
  // None at all: axios puts the headers in order once more for each.
  transformRequest: [],
  transformResponse: [],
} satisfies AxiosRequestConfig;

function pairs(headers: readonly string[]): Record<string, string | null> {
  const record: Record<string, string | null> = { accept: null, 'accept-encoding': 'identity' };
  for (let place = 0; place < headers.length; place += 2) {
    record[headers[place]!] = headers[place + 1]!;
  }
  return record;
}

function statusOf({ status }: AxiosResponse<unknown>): number {
  if (Number.isInteger(status) && status >= LOWEST_STATUS && status <= HIGHEST_STATUS)
    return status;
  throw new TypeError(`the host's axios instance answered with the status ${String(status)}`);
}

/** Names in lower case, as Node and undici give them; an adapter of the host's may not. */
function headersOf({ headers }: AxiosResponse<unknown>): HttpAnswer['headers'] {
  return Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  ) as HttpAnswer['headers'];
}
