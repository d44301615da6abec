import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';

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
): Promise<RawServer> {
  const open = new Set<Socket>();
  const seen = { connections: 0, mostAtOnce: 0 };
  const server = createServer((socket) => {
    open.add(socket);
    seen.connections += 1;
    seen.mostAtOnce = Math.max(seen.mostAtOnce, open.size);
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
    socket.on('data', (chunk) => {
      const text = chunk.toString('latin1');
      if (text.startsWith('POST ')) onRequest(socket, text);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
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

/** Writes again and again until the other side has gone. */
export function drip(socket: Socket, text: string, everyMs: number): void {
  const timer = setInterval(() => socket.write(text), everyMs);
  socket.on('close', () => clearInterval(timer));
}
