import axios from 'axios';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { StatusRules } from '../../../lib/pipeline/attach/stored-trigger.js';
import { EventDeliverer } from '../../../lib/pipeline/deliver/event-deliverer.js';
import { WebhookClient } from '../../../lib/pipeline/deliver/webhook-client.js';
import { LANES, OWN_LANES } from '../support/lanes.js';
import { startRawServer, type RawServer } from '../support/raw-server.js';
import { destinationOf, event } from '../support/trigger.js';

const OK = 'HTTP/1.1 200 OK\r\n';
/** For what is not, on a loaded machine either. */
const PATIENCE_MS = 20_000;
/** What a loaded machine may take on top of a timeout. */
const SLACK_MS = 1_500;
const CONNECT_TIMEOUT_MS = 100;
/** The clock by which undici ends an attempt to connect looks twice a second, and may miss one look. */
const COARSE_MS = 1_000;

describe.each(LANES)('a webhook that is sent %s', (_, makeInstance) => {
  let server: RawServer | undefined;
  let deliverer: EventDeliverer | undefined;

  afterEach(async () => {
    await deliverer?.close();
    await server?.close();
    server = deliverer = undefined;
  });

  const deliver = async (
    onRequest: (socket: Socket, head: string) => void,
    timeout = PATIENCE_MS,
  ) => {
    server ??= await startRawServer(onRequest);
    deliverer ??= new EventDeliverer(new WebhookClient(makeInstance(), { connections: 4 }));
    return await deliverer.deliver(destinationOf({ webhook: server.url, timeout }), event());
  };

  it('is delivered by a 2xx, with the headers and the beginning of the answer', async () => {
    const outcome = await deliver((socket) =>
      socket.write(
        `${OK}x-a: 1\r\nset-cookie: a\r\nset-cookie: b\r\ncontent-length: 5\r\n\r\nhello`,
      ),
    );
    expect(outcome).toMatchObject({ kind: 'delivered', status: 200, responseBody: 'hello' });
    expect(JSON.parse(outcome.responseHeaders!)).toMatchObject({
      'x-a': '1',
      'set-cookie': ['a', 'b'],
    });
  });

  it('is delivered by a 204 without a body', async () => {
    const outcome = await deliver((socket) => socket.write('HTTP/1.1 204 No Content\r\n\r\n'));
    expect(outcome).toMatchObject({ kind: 'delivered', status: 204, responseBody: '' });
  });

  it('comes to what its trigger says of the status', async () => {
    server = await startRawServer((socket) =>
      socket.write('HTTP/1.1 409 Conflict\r\ncontent-length: 0\r\n\r\n'),
    );
    deliverer = new EventDeliverer(new WebhookClient(makeInstance(), { connections: 1 }));
    const of = async (statuses: StatusRules) =>
      (await deliverer!.deliver(destinationOf({ webhook: server!.url, statuses }), event())).kind;
    expect(await of({})).toBe('retry');
    expect(await of({ '409': 'delivered' })).toBe('delivered');
    expect(await of({ '4xx': 'rejected' })).toBe('rejected');
  });

  it.each([
    [500, 'delivered', 'delivered'],
    [200, 'retry', 'retry'],
    [200, 'rejected', 'rejected'],
    [404, 'gone', 'gone'],
    [404, 'whatever', 'retry'],
  ])(
    'with status %i comes to what the receiver says in a header: %s',
    async (status, said, kind) => {
      const outcome = await deliver((socket) =>
        socket.write(
          `HTTP/1.1 ${status} X\r\nevent-triggers-outcome: ${said}\r\ncontent-length: 0\r\n\r\n`,
        ),
      );
      expect(outcome).toMatchObject({ kind, status });
    },
  );

  it('asks for no compression and carries no header that nobody set', async () => {
    let request = '';
    await deliver((socket, head) => {
      request = head;
      socket.write(`${OK}content-length: 0\r\n\r\n`);
    });
    const names = [...request.matchAll(/^([\w-]+):/gm)].map(([, name]) => name!.toLowerCase());
    expect(names.sort()).toEqual(
      expect.arrayContaining([
        'connection',
        'content-length',
        'content-type',
        'host',
        'user-agent',
      ]),
    );
    expect(request).not.toMatch(/accept-encoding: (?!identity)/i);
    expect(names).not.toContain('accept');
  });

  it('uses its connections again, one request after the other', async () => {
    const answer = (socket: Socket) => void socket.write(`${OK}content-length: 0\r\n\r\n`);
    for (let request = 0; request < 5; request += 1) await deliver(answer);
    // The second request may come while the first connection is still being tidied up.
    expect(server?.connections, 'five requests on two connections at the most').toBeLessThan(3);
  });

  it('says that nothing listens', async () => {
    server = await startRawServer(() => undefined);
    const { url } = server;
    await server.close();
    server = undefined;
    deliverer = new EventDeliverer(new WebhookClient(makeInstance(), { connections: 1 }));
    const outcome = await deliverer.deliver(destinationOf({ webhook: url }), event());
    expect(outcome).toMatchObject({ kind: 'retry', status: null, error: { code: 'ECONNREFUSED' } });
  });
});

describe.each(OWN_LANES)('connecting, for a webhook that is sent %s,', (_, makeInstance) => {
  it('ends long before the whole time is over, when a receiver never speaks TLS', async () => {
    const server = await startRawServer(() => undefined);
    const deliverer = new EventDeliverer(
      new WebhookClient(makeInstance(), { connections: 1, connectTimeout: CONNECT_TIMEOUT_MS }),
    );
    const webhook = server.url.replace('http:', 'https:');
    const start = performance.now();
    const outcome = await deliverer.deliver(destinationOf({ webhook, timeout: 60_000 }), event());
    expect(server.connections, 'the receiver accepted the connection').toBe(1);
    expect(outcome).toMatchObject({
      kind: 'retry',
      status: null,
      error: {
        code: 'UND_ERR_CONNECT_TIMEOUT',
        message: `${new URL(webhook).origin}: the connection was not made in time`,
      },
    });
    expect(
      performance.now() - start,
      'it is the time for connecting that ended it, of which it was given 100 ms',
    ).toBeLessThan(CONNECT_TIMEOUT_MS + COARSE_MS + SLACK_MS);
    await deliverer.close();
    await server.close();
  });
});

describe('a webhook client', () => {
  it('opens no more connections to a receiver than it may', async () => {
    const waiting: Socket[] = [];
    const server = await startRawServer((socket) => {
      waiting.push(socket);
      if (waiting.length === 2)
        for (const each of waiting.splice(0)) each.write(`${OK}content-length: 0\r\n\r\n`);
    });
    const deliverer = new EventDeliverer(new WebhookClient(axios.create(), { connections: 2 }));
    const destination = destinationOf({ webhook: server.url, timeout: 10_000 });
    await Promise.all(Array.from({ length: 20 }, () => deliverer.deliver(destination, event())));
    expect(server.mostAtOnce).toBe(2);
    await deliverer.close();
    await server.close();
  });

  it('ends what is under way when it is closed', async () => {
    let arrived: () => void = () => undefined;
    const request = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const server = await startRawServer(() => arrived());
    const deliverer = new EventDeliverer(new WebhookClient(axios.create(), { connections: 1 }));
    const outcome = deliverer.deliver(
      destinationOf({ webhook: server.url, timeout: 60_000 }),
      event(),
    );
    await request;
    await deliverer.close();
    expect(await outcome).toMatchObject({ kind: 'retry', status: null });
    await server.close();
  });
});
