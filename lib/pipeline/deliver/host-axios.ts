import type { AxiosInstance } from 'axios';

/** Defaults that a webhook's request replaces, or that mean nothing to one with an absolute URL and a body of text. */
const WITHOUT_EFFECT = new Set([
  'allowAbsoluteUrls',
  'baseURL',
  'decompress',
  'env',
  'formDataHeaderPolicy',
  'formSerializer',
  'maxBodyLength',
  'maxContentLength',
  'maxRedirects',
  'method',
  'responseEncoding',
  'responseType',
  'transformRequest',
  'transformResponse',
  'transitional',
  'validateStatus',
  'withCredentials',
  'withXSRFToken',
  'xsrfCookieName',
  'xsrfHeaderName',
]);

/** A webhook's request says for itself what it sends and that it accepts anything. */
const REPLACED_HEADERS = new Set(['accept', 'accept-encoding', 'content-type']);

/**
 * Whether a host has made an axios instance its own. Then every request goes through it, as the host expects.
 *
 * The instance is judged by what stands in it and never compared with a new one: the plain `HttpModule` hands
 * out the global instance, and what a host sets there is in every new instance too.
 */
export class HostAxios {
  private readonly request: unknown;

  constructor(readonly instance: AxiosInstance) {
    this.request = requestOf(instance);
  }

  /** Nothing was added to the instance that a request could feel, except perhaps a timeout. */
  isUntouched(): boolean {
    const { interceptors, defaults } = this.instance;
    if (requestOf(this.instance) !== this.request) return false;
    if (hasHandler(interceptors.request) || hasHandler(interceptors.response)) return false;
    return Object.entries(defaults).every(([key, value]) => isStock(key, value));
  }

  /** The host's limit for every request in milliseconds; infinite where it has none. */
  timeout(): number {
    return this.instance.defaults.timeout || Number.POSITIVE_INFINITY;
  }
}

/** A test of the host's may put a stand-in for it. */
const requestOf = (instance: { readonly request: unknown }): unknown => instance.request;

/** Whether axios would choose its own adapter over `node:http`, which is what it does where it was told nothing. */
export function isStockAdapter(adapter: unknown): boolean {
  return Array.isArray(adapter) && adapter.find((name) => name !== 'xhr') === 'http';
}

function isStock(key: string, value: unknown): boolean {
  if (key === 'timeout' || WITHOUT_EFFECT.has(key)) return true;
  if (key === 'adapter') return isStockAdapter(value);
  if (key === 'headers') return addsNoHeader(value);
  // An agent that is undefined, a proxy that is false.
  return !value;
}

/** Headers stand beside buckets of headers: `common`, and one for each method. */
function addsNoHeader(headers: unknown): boolean {
  return Object.entries(headers ?? {}).every(([name, value]) => {
    if (value === null || value === undefined) return true;
    return typeof value === 'object'
      ? addsNoHeader(value)
      : REPLACED_HEADERS.has(name.toLowerCase());
  });
}

function hasHandler(manager: unknown): boolean {
  const { handlers } = manager as { handlers?: unknown[] | null };
  // A removed interceptor leaves null behind.
  return (handlers ?? []).some((handler) => handler !== null);
}
