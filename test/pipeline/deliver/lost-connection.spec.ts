import axios from 'axios';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { EventDeliverer } from '../../../lib/pipeline/deliver/event-deliverer.js';
import type { Outcome } from '../../../lib/pipeline/deliver/outcome.js';
import { WebhookClient } from '../../../lib/pipeline/deliver/webhook-client.js';
import { makeCertificate, type Certificate } from '../support/certificate.js';
import { startRawServer, type RawServer } from '../support/raw-server.js';
import { destinationOf, event } from '../support/trigger.js';

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

type Close = (socket: Socket) => void;

/** How the other side may end a connection instead of answering. */
const closings: [string, Close][] = [
  // Node resets no TLS connection.
  [
    'resets it',
    (socket) => (socket instanceof TLSSocket ? socket.destroy() : socket.resetAndDestroy()),
  ],
  ['closes it', (socket) => socket.destroy()],
  ['ends its half of it', (socket) => socket.end()],
];

describe.each(['http', 'https'] as const)('a connection over %s', (scheme) => {
  let server: RawServer;
  let deliverer: EventDeliverer;
  /** Which request of its connection it was, for each. */
  let requests: number[];
  let certificate: Certificate | undefined;

  beforeAll(async () => {
    if (scheme === 'https') certificate = await makeCertificate();
  });
  afterEach(async () => {
    await deliverer.close();
    await server.close();
  });

  const start = async (answer: (socket: Socket, place: number) => void) => {
    requests = [];
    const places = new WeakMap<Socket, number>();
    server = await startRawServer((socket) => {
      const place = (places.get(socket) ?? 0) + 1;
      places.set(socket, place);
      requests.push(place);
      answer(socket, place);
    }, certificate);
    deliverer = new EventDeliverer(
      new WebhookClient(axios.create(), {
        connections: 1,
        ...(certificate && { authorities: certificate.cert }),
      }),
    );
  };
  const deliver = async (): Promise<Outcome> => {
    const outcome = await deliverer.deliver(
      destinationOf({ webhook: server.url, timeout: 20_000 }),
      event(),
    );
    // The client tidies a connection up before it uses it again.
    await new Promise(setImmediate);
    return outcome;
  };

  it.each(closings)(
    'that had carried requests before is replaced when the receiver %s under the next one',
    async (_, close) => {
      await start((socket, place) => (place === 1 ? void socket.write(OK) : close(socket)));
      expect(await deliver()).toMatchObject({ kind: 'delivered' });
      expect(await deliver()).toMatchObject({ kind: 'delivered', error: null });
      expect(requests, 'the second one was sent twice, at once').toEqual([1, 2, 1]);
    },
  );

  it.each(closings)('that is new is not, when the receiver %s', async (_, close) => {
    await start(close);
    expect(await deliver()).toMatchObject({ kind: 'retry', status: null });
    expect(requests, 'the receiver may have done what it was asked').toEqual([1]);
  });

  it.each(closings)(
    'is not replaced when an answer had begun and the receiver %s',
    async (_, close) => {
      await start((socket, place) =>
        place === 1
          ? void socket.write(OK)
          : void socket.write('HTTP/1.1 200 OK\r\ncontent-', () => close(socket)),
      );
      await deliver();
      expect(await deliver()).toMatchObject({ kind: 'retry', status: null });
      expect(requests).toEqual([1, 2]);
    },
  );

  it('is replaced once, not for ever', async () => {
    let answered = false;
    await start((socket) => {
      if (answered) socket.destroy();
      else socket.write(OK);
      answered = true;
    });
    await deliver();
    expect(await deliver()).toMatchObject({ kind: 'retry', status: null });
    expect(requests).toEqual([1, 2, 1]);
  });

  it('that ends with the body of an answer has brought all of it', async () => {
    await start((socket) =>
      socket.end(`HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${'x'.repeat(100)}`),
    );
    const outcome = await deliver();
    expect(outcome).toMatchObject({ kind: 'delivered', responseBody: 'x'.repeat(100) });
  });
});
