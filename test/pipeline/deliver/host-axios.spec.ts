import axios, { AxiosError, type AxiosInstance } from 'axios';
import { Agent } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EventDeliverer } from '../../../lib/pipeline/deliver/event-deliverer.js';
import { HostAxios } from '../../../lib/pipeline/deliver/host-axios.js';
import { WebhookClient } from '../../../lib/pipeline/deliver/webhook-client.js';
import { startFakeReceiver, type FakeReceiver } from 'nestjs-event-triggers/testing';
import { destinationOf, event } from '../support/trigger.js';

/** Longer than the client believes that nothing has changed. */
const NOTICED_AFTER_MS = 150;
/** The discard port, to which nothing listens. */
const NOBODY = 'http://127.0.0.1:9';

describe('the axios instance of the host', () => {
  let receiver: FakeReceiver;
  let deliverer: EventDeliverer | undefined;

  beforeEach(async () => {
    receiver = await startFakeReceiver({ respond: { status: 200, body: 'from the wire' } });
  });

  afterEach(async () => {
    await deliverer?.close();
    deliverer = undefined;
    await receiver.close();
  });

  const deliver = (instance: AxiosInstance, more: Parameters<typeof destinationOf>[0] = {}) => {
    deliverer ??= new EventDeliverer(new WebhookClient(instance, { connections: 2 }));
    return deliverer.deliver(destinationOf({ webhook: `${receiver.url}/hook`, ...more }), event());
  };

  it('is untouched as axios makes it, and not any more once it has anything of the host’s', () => {
    const touched: ((instance: AxiosInstance) => void)[] = [
      (instance) => instance.interceptors.response.use(),
      (instance) => void (instance.defaults.headers.common['x'] = '1'),
      (instance) => void (instance.defaults.adapter = 'fetch'),
    ];
    expect(new HostAxios(axios.create()).isUntouched()).toBe(true);
    for (const touch of touched) {
      const instance = axios.create();
      touch(instance);
      expect(new HostAxios(instance).isUntouched(), `after ${touch.toString()}`).toBe(false);
    }
  });

  it('sees the request in its interceptors, changes it, and sees the answer', async () => {
    const instance = axios.create();
    const statuses: number[] = [];
    instance.interceptors.request.use((config) => {
      config.headers.set('x-signed', String((config.data as string).length));
      return config;
    });
    instance.interceptors.response.use((response) => {
      statuses.push(response.status);
      return response;
    });

    expect(await deliver(instance)).toMatchObject({
      kind: 'delivered',
      responseBody: 'from the wire',
    });

    const [request] = receiver.requests;
    expect(request?.headers['x-signed']).toBe(String(request?.body.length));
    expect(statuses).toEqual([200]);
  });

  it('is noticed to have changed within a moment', async () => {
    const instance = axios.create();
    await deliver(instance);
    instance.interceptors.request.use((config) => {
      config.headers.set('x-late', 'yes');
      return config;
    });
    await new Promise((resolve) => setTimeout(resolve, NOTICED_AFTER_MS));

    await deliver(instance);

    expect(receiver.requests.map(({ headers }) => headers['x-late'])).toEqual([undefined, 'yes']);
  });

  it('may answer itself, as mocks do', async () => {
    const instance = axios.create({
      adapter: async (config) => ({
        status: 202,
        statusText: '',
        headers: { 'X-Mock': 'yes' },
        data: { any: 'object' },
        config,
      }),
    });
    const outcome = await deliver(instance);
    expect(outcome).toMatchObject({
      kind: 'delivered',
      status: 202,
      responseBody: '{"any":"object"}',
    });
    expect(JSON.parse(outcome.responseHeaders!)).toEqual({ 'x-mock': 'yes' });
    expect(receiver.requests, 'nothing went over the network').toHaveLength(0);
  });

  it.each<[string, () => AxiosInstance]>([
    [
      'throws in an interceptor',
      () => {
        const instance = axios.create();
        instance.interceptors.request.use(() => {
          throw new AxiosError('no token', 'ERR_TOKEN');
        });
        return instance;
      },
    ],
    [
      'has an adapter that rejects',
      () => axios.create({ adapter: () => Promise.reject(new Error('down')) }),
    ],
    [
      'has an adapter that answers nonsense',
      () => axios.create({ adapter: () => Promise.resolve({} as never) }),
    ],
    [
      'has an adapter that never answers',
      () => axios.create({ adapter: () => new Promise(() => undefined) }),
    ],
  ])('never breaks a delivery: it %s', async (_case, makeInstance) => {
    const outcome = await deliver(makeInstance(), { timeout: 300 });
    expect(outcome).toMatchObject({ kind: 'retry', status: null });
    expect(outcome.error?.message).not.toBe('');
  });

  describe('with an agent of its own, which only axios itself can use,', () => {
    const httpAgent = new Agent();

    afterEach(() => vi.unstubAllEnvs());

    it('uses no proxy that only the environment names', async () => {
      for (const name of ['NO_PROXY', 'no_proxy', 'http_proxy']) vi.stubEnv(name, undefined);
      vi.stubEnv('HTTP_PROXY', NOBODY);

      const outcome = await deliver(axios.create({ httpAgent }));

      expect(outcome, 'it did not go by way of a proxy where nobody listens').toMatchObject({
        kind: 'delivered',
      });
      expect(receiver.requests).toHaveLength(1);
    });

    it('uses the proxy that it is configured with', async () => {
      const { hostname, port } = new URL(receiver.url);
      const proxy = { protocol: 'http', host: hostname, port: Number(port) };

      await deliver(axios.create({ httpAgent, proxy }), { webhook: 'http://unknown.invalid/hook' });

      expect(
        receiver.requests.map(({ path }) => path),
        'the proxy is asked for the whole URL',
      ).toEqual(['http://unknown.invalid/hook']);
    });
  });

  it('keeps its default headers', async () => {
    await deliver(axios.create({ headers: { 'x-default': 'kept' } }));
    expect(receiver.requests[0]?.headers['x-default']).toBe('kept');
  });
});
