import axios, {
  AxiosError,
  AxiosHeaders,
  type AxiosAdapter,
  type AxiosInstance,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios';
import type { Deadline } from './deadline.js';
import { isStockAdapter } from './host-axios.js';
import type { HttpAnswer, HttpRequest } from './http-exchange.js';

/** Sends a request and brings its answer, both as they are on the wire. */
export type Send = (request: HttpRequest) => Promise<HttpAnswer>;

/** What only axios' own adapter can do. A default or an interceptor of the host's may ask for it. */
const BEYOND_UNDICI = [
  'auth',
  'beforeRedirect',
  'cancelToken',
  'family',
  'http2Options',
  'httpAgent',
  'httpsAgent',
  'httpVersion',
  'insecureHTTPParser',
  'lookup',
  'maxRate',
  'onDownloadProgress',
  'onUploadProgress',
  'proxy',
  'signal',
  'socketPath',
  'transport',
] as const;

/**
 * The last step of a request through the host's instance: over undici where that does what the host asked
 * for, which costs a third of what axios' own adapter does, and else through the host's own adapter.
 *
 * @param adapter the one of the host's instance
 */
export function hostAdapter(
  instance: AxiosInstance,
  adapter: AxiosInstance['defaults']['adapter'],
  send: Send,
  deadline: Deadline,
): AxiosAdapter {
  const stock = isStockAdapter(adapter);
  return (config) =>
    stock && isWithinUndici(config)
      ? overUndici(instance, config, send, deadline)
      : chosen(adapter, config)(bounded(config, deadline));
}

/** The second parameter, which the types leave out, carries a `fetch` of the host's. */
const chosen = axios.getAdapter as (
  adapter: AxiosInstance['defaults']['adapter'],
  config: InternalAxiosRequestConfig,
) => AxiosAdapter;

function isWithinUndici(config: InternalAxiosRequestConfig): boolean {
  const settings = config as unknown as Record<string, unknown>;
  return BEYOND_UNDICI.every((key) => !settings[key]) && isText(config.data);
}

const isText = (data: unknown): data is string | Buffer =>
  typeof data === 'string' || Buffer.isBuffer(data);

/** As a stream, so that an endless body can be cut. */
function bounded(
  config: InternalAxiosRequestConfig,
  deadline: Deadline,
): InternalAxiosRequestConfig {
  const { signal } = config;
  return {
    ...config,
    responseType: 'stream',
    signal:
      signal instanceof AbortSignal
        ? AbortSignal.any([signal, deadline.signal()])
        : deadline.signal(),
  };
}

async function overUndici(
  instance: AxiosInstance,
  config: InternalAxiosRequestConfig,
  send: Send,
  deadline: Deadline,
): Promise<AxiosResponse<Buffer>> {
  const url = urlOf(instance, config);
  const request: HttpRequest = {
    origin: url.origin,
    path: url.pathname + url.search,
    method: (config.method ?? 'post').toUpperCase() as HttpRequest['method'],
    headers: flat(config.headers),
    body: config.data as string | Buffer,
    timeout: Math.min(config.timeout || Number.POSITIVE_INFINITY, deadline.remaining()),
  };
  try {
    return responseOf(await send(request), config);
  } catch (error) {
    throw AxiosError.from(error as Error, codeOf(error), config, request);
  }
}

/** An interceptor may have added parameters or left only a path. */
function urlOf(instance: AxiosInstance, config: InternalAxiosRequestConfig): URL {
  const { url = '', params } = config as { url?: string; params?: unknown };
  const isComplete = params === undefined && url.startsWith('http');
  return new URL(isComplete ? url : instance.getUri(config));
}

function flat(headers: AxiosHeaders): string[] {
  return Object.entries(headers.toJSON()).flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [name, String(value)],
  );
}

function responseOf(
  { status, headers, body }: HttpAnswer,
  config: InternalAxiosRequestConfig,
): AxiosResponse<Buffer> {
  const response: AxiosResponse<Buffer> = {
    status,
    statusText: '',
    headers: new AxiosHeaders(headers as Record<string, string>),
    data: body,
    config,
  };
  // An interceptor may have brought a rule of its own.
  if (config.validateStatus?.(status) ?? true) return response;
  throw new AxiosError(
    `Request failed with status code ${status}`,
    status >= 500 ? AxiosError.ERR_BAD_RESPONSE : AxiosError.ERR_BAD_REQUEST,
    config,
    undefined,
    response,
  );
}

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : AxiosError.ERR_NETWORK;
}
