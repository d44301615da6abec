import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Certificate } from './certificate.js';

export interface RawServer {
  readonly url: string;
  /** Connections that were made so far. */
  readonly connections: number;
  /** The most that were open at once. */
  readonly mostAtOnce: number;
  close(): Promise<void>;
}

/** A server that misbehaves as it is told, once the head of a request has arrived. */
export async function startRawServer(
  onRequest: (socket: Socket, head: string) => void,
  certificate?: Certificate,
): Promise<RawServer> {
  const open = new Set<Socket>();
  const seen = { connections: 0, mostAtOnce: 0 };
  const accept = (socket: Socket): void => {
    open.add(socket);
    seen.connections += 1;
    seen.mostAtOnce = Math.max(seen.mostAtOnce, open.size);
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
    socket.on('data', (chunk) => {
      const text = chunk.toString('latin1');
      if (text.startsWith('POST ')) onRequest(socket, text);
    });
  };
  const server = certificate ? createTlsServer(certificate, accept) : createServer(accept);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `${certificate ? 'https' : 'http'}://127.0.0.1:${port}/hook`,
    get connections() {
      return seen.connections;
    },
    get mostAtOnce() {
      return seen.mostAtOnce;
    },
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
