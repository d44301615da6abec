import axios, { type AxiosInstance } from 'axios';

/** Whether a host has made an axios instance its own. Then every request goes through it, as the host expects. */
export class HostAxios {
  private readonly pristine = axios.create().defaults as unknown as Record<string, unknown>;

  constructor(readonly instance: AxiosInstance) {}

  /** Nothing was added to the instance, so that nothing of it can be missed. */
  isUntouched(): boolean {
    const { request, response } = this.instance.interceptors as unknown as InterceptorLists;
    if (hasHandler(request) || hasHandler(response)) return false;
    const defaults = this.instance.defaults as unknown as Record<string, unknown>;
    for (const key in defaults) {
      if (key !== 'headers' && !same(defaults[key], this.pristine[key])) return false;
    }
    return same(defaults['headers'], this.pristine['headers']);
  }

  /** It has an adapter, agents or a proxy of its own, which replace ours. */
  hasOwnTransport(): boolean {
    const { adapter, httpAgent, httpsAgent, proxy } = this.instance.defaults;
    return Boolean(httpAgent ?? httpsAgent ?? proxy) || !same(adapter, this.pristine['adapter']);
  }
}

interface InterceptorLists {
  request: { handlers: unknown[] };
  response: { handlers: unknown[] };
}

const hasHandler = ({ handlers }: { handlers: unknown[] }): boolean =>
  // A removed interceptor leaves null behind.
  handlers.some((handler) => handler !== null);

/** Defaults are made anew for each instance: their lists and headers are equal, not identical. */
function same(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) {
    return false;
  }
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) =>
      same((one as Record<string, unknown>)[key], (other as Record<string, unknown>)[key]),
    )
  );
}
