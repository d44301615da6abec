import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Body {
  trigger: { name: string };
  id: string;
  event: { op: string; data: { old: { token: string } | null; new: { token: string } | null } };
}

/** A receiver that keeps of each request only what the verifier asks for, and nothing of one that it refuses. */
export class DeliveriesSeen {
  /** By trigger: how often each token came. A deleted row counts by the token it had last. */
  readonly tokens = new Map<string, Map<string, number>>();
  private readonly ids = new Set<string>();
  requests = 0;
  repeated = 0;
  refused = 0;

  private constructor(private readonly server: Server) {}

  static async start(refuses: () => boolean = () => false): Promise<DeliveriesSeen> {
    const server = createServer();
    const seen = new DeliveriesSeen(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (refuses()) {
          seen.refused += 1;
          response.statusCode = 500;
        } else seen.note(JSON.parse(Buffer.concat(chunks).toString()) as Body);
        response.end();
      });
      request.on('error', () => undefined);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return seen;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  private note({ id, trigger, event }: Body): void {
    this.requests += 1;
    if (this.ids.has(id)) this.repeated += 1;
    this.ids.add(id);
    // The delete of a row repeats the token of the update before it, and is told apart.
    const token = event.data.new?.token ?? `${event.data.old?.token} deleted`;
    const counts = this.tokens.get(trigger.name) ?? new Map<string, number>();
    counts.set(token, (counts.get(token) ?? 0) + 1);
    this.tokens.set(trigger.name, counts);
  }
}
