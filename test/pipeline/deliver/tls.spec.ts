import { once } from 'node:events';
import { createServer as createPlainServer, type AddressInfo, type Server } from 'node:net';
import { createServer, type TlsOptions } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { EventDeliverer } from '../../../lib/pipeline/deliver/event-deliverer.js';
import { WebhookClient } from '../../../lib/pipeline/deliver/webhook-client.js';
import { makeCertificate, type Certificate } from '../support/certificate.js';
import { OWN_LANES } from '../support/lanes.js';
import { destinationOf, event } from '../support/trigger.js';

const PATIENCE_MS = 20_000;
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';

describe.each(OWN_LANES)('a webhook that is sent %s over TLS', (_, makeInstance) => {
  let valid: Certificate;
  let expired: Certificate;
  let ofAnotherHost: Certificate;
  let server: Server;
  let deliverer: EventDeliverer;
  let bytesRead: number;

  beforeAll(async () => {
    [valid, expired, ofAnotherHost] = await Promise.all([
      makeCertificate(),
      makeCertificate({ expired: true }),
      makeCertificate({ host: '127.0.0.9' }),
    ]);
  });
  afterEach(async () => {
    await deliverer.close();
    server.close();
  });

  const deliverTo = async (listener: Server, authorities?: string) => {
    bytesRead = 0;
    server = listener;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    deliverer = new EventDeliverer(
      new WebhookClient(makeInstance(), { connections: 1, ...(authorities && { authorities }) }),
    );
    return await deliverer.deliver(
      destinationOf({ webhook: `https://127.0.0.1:${port}/`, timeout: PATIENCE_MS }),
      event(),
    );
  };
  const receiver = (options: TlsOptions): Server =>
    createServer(options, (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        bytesRead += chunk.length;
        socket.write(OK);
      });
    });

  it('is delivered where the certificate is trusted', async () => {
    expect(await deliverTo(receiver(valid), valid.cert)).toMatchObject({ kind: 'delivered' });
  });

  it.each<[string, () => Server, () => string | undefined, RegExp, RegExp]>([
    [
      'signs its certificate itself',
      () => receiver(valid),
      () => undefined,
      /^DEPTH_ZERO_SELF_SIGNED_CERT$/,
      /its certificate is signed by itself/,
    ],
    [
      'has a certificate that has expired',
      () => receiver(expired),
      () => expired.cert,
      /^CERT_HAS_EXPIRED$/,
      /its certificate has expired/,
    ],
    [
      'has a certificate for another host',
      () => receiver(ofAnotherHost),
      () => ofAnotherHost.cert,
      /^ERR_TLS_CERT_ALTNAME_INVALID$/,
      /its certificate is for another host/,
    ],
    [
      'speaks an old version only',
      () =>
        receiver({
          ...valid,
          minVersion: 'TLSv1',
          maxVersion: 'TLSv1.1',
          ciphers: 'DEFAULT@SECLEVEL=0',
        }),
      () => valid.cert,
      /^(ERR_SSL_\w+|EPROTO|ECONNRESET)$/,
      /TLS|connection/,
    ],
    [
      'speaks HTTP on the port of HTTPS',
      () =>
        createPlainServer((socket) => {
          socket.on('error', () => undefined);
          socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
        }),
      () => undefined,
      /^(ERR_SSL_\w+|EPROTO)$/,
      /it does not speak TLS there/,
    ],
    [
      'asks for a certificate of ours',
      () => receiver({ ...valid, requestCert: true, rejectUnauthorized: true }),
      () => valid.cert,
      /^(ERR_SSL_\w+|ECONNRESET|EPIPE|UND_ERR_SOCKET)$/,
      /certificate|closed|reset/,
    ],
  ])('is another attempt where the receiver %s', async (_case, make, trust, code, message) => {
    const outcome = await deliverTo(make(), trust());
    expect(outcome).toMatchObject({ kind: 'retry', status: null });
    expect(outcome.error?.code).toMatch(code);
    expect(outcome.error?.message).toMatch(message);
    expect(bytesRead, 'bytes of the webhook that the receiver has read').toBe(0);
  });
});
