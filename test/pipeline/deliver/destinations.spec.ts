import axios from 'axios';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import type { StoredTrigger } from '../../../lib/pipeline/attach/stored-trigger.js';
import { resolveDestination, type Destination } from '../../../lib/pipeline/deliver/destination.js';
import { EventDeliverer } from '../../../lib/pipeline/deliver/event-deliverer.js';
import type { EventHandler } from '../../../lib/pipeline/deliver/handler-destination.js';
import { WebhookClient } from '../../../lib/pipeline/deliver/webhook-client.js';
import { contextOf, event, trigger } from '../support/trigger.js';

/** What whoever is delivered to does with a payload. */
type Behaviour = (payload: unknown) => 'accept' | 'fail' | 'hang';

const TIMEOUT_MS = 300;
const SLACK_MS = 2_000;

interface Kind {
  readonly start: (behave: Behaviour) => Promise<Partial<StoredTrigger>>;
  readonly handlers: () => ReadonlyMap<string, { readonly handle: EventHandler }>;
  readonly stop: () => Promise<void>;
}

function webhookKind(): Kind {
  let server: Server;
  return {
    handlers: () => new Map(),
    async start(behave) {
      server = createServer((request, response) => {
        void text(request).then((body) => {
          const what = behave(JSON.parse(body));
          if (what !== 'hang') response.writeHead(what === 'accept' ? 200 : 500).end();
        });
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      return { webhook: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function handlerKind(): Kind {
  let behaviour: Behaviour;
  const handle: EventHandler = async (payload) => {
    const what = behaviour(payload);
    if (what === 'fail') throw new Error('it failed');
    if (what === 'hang') await new Promise(() => undefined);
  };
  return {
    handlers: () => new Map([[trigger().name, { handle }]]),
    start(behave) {
      behaviour = behave;
      return Promise.resolve({ webhook: undefined } as unknown as Partial<StoredTrigger>);
    },
    stop: () => Promise.resolve(),
  };
}

describe.each([
  ['a webhook', webhookKind],
  ['a handler', handlerKind],
])('%s as a destination', (_, makeKind) => {
  let kind: Kind;
  let deliverer: EventDeliverer;
  let payloads: unknown[];

  afterEach(async () => {
    await deliverer.close();
    await kind.stop();
  });

  const start = async (behave: () => ReturnType<Behaviour>): Promise<Destination> => {
    kind = makeKind();
    payloads = [];
    deliverer = new EventDeliverer(new WebhookClient(axios.create(), { connections: 4 }));
    const where = await kind.start((payload) => {
      payloads.push(payload);
      return behave();
    });
    const stored = trigger({ timeout: TIMEOUT_MS, insert: { payload: ['id'] }, ...where });
    return resolveDestination(stored, contextOf({ handlers: kind.handlers() }));
  };

  it('is given the payload of the event, with the columns that leave, and delivers it', async () => {
    const destination = await start(() => 'accept');
    const outcome = await deliverer.deliver(
      destination,
      event({ new: '{"id": 1, "secret": "x"}', attemptsBefore: 2 }),
    );
    expect(outcome).toMatchObject({ kind: 'delivered', error: null, retryAfter: null });
    expect(outcome.duration).toBeGreaterThanOrEqual(0);
    expect(payloads).toEqual([
      {
        created_at: '2026-11-24T04:11:40.123456Z',
        delivery_info: { current_retry: 2, max_retries: 3 },
        event: {
          op: 'INSERT',
          data: { old: null, new: { id: 1 } },
          session_variables: null,
          trace_context: null,
        },
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        table: { name: 'orders', schema: 'public' },
        trigger: { name: 'orders_all' },
      },
    ]);
  });

  it('gives every attempt at an event the same id', async () => {
    const destination = await start(() => 'fail');
    for (const attemptsBefore of [0, 1])
      await deliverer.deliver(destination, event({ attemptsBefore }));
    const [one, other] = payloads as { id: string }[];
    expect(one!.id).toBe(other!.id);
  });

  it('says why an attempt failed, and asks for another one', async () => {
    const destination = await start(() => 'fail');
    const outcome = await deliverer.deliver(destination, event());
    expect(outcome).toMatchObject({
      kind: 'retry',
      error: { code: expect.stringMatching(/./), message: expect.stringMatching(/./) },
    });
  });

  it('takes no longer than its timeout', async () => {
    const destination = await start(() => 'hang');
    const begin = performance.now();
    const outcome = await deliverer.deliver(destination, event());
    expect(outcome).toMatchObject({ kind: 'retry', status: null, error: { code: 'ETIMEDOUT' } });
    expect(performance.now() - begin).toBeLessThan(TIMEOUT_MS + SLACK_MS);
  });

  it('rejects for ever what no payload can be made of', async () => {
    const destination = await start(() => 'accept');
    const outcome = await deliverer.deliver(destination, event({ new: '["no row"]' }));
    expect(outcome).toMatchObject({ kind: 'rejected', error: { code: 'UNDELIVERABLE' } });
    expect(payloads).toEqual([]);
  });

  it('lets go of an attempt that is under way when the process stops', async () => {
    let arrived: () => void = () => undefined;
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const destination = await start(() => {
      arrived();
      return 'hang';
    });
    const outcome = deliverer.deliver({ ...destination, timeout: 60_000 }, event());
    await arrival;
    await deliverer.close();
    expect(await outcome).toMatchObject({ kind: 'retry', status: null });
  });
});
