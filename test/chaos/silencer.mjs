// @ts-check
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** A way to Postgres on which connections fall silent, as they do when a host or a firewall is gone. */
export class Silencer {
  /** @type {Set<import('node:net').Socket>} */
  #sockets = new Set();
  /** @type {Set<import('node:net').Socket>} */
  #silenced = new Set();
  #server;

  /** @param {{ host: string, port: number }} target */
  constructor(target) {
    this.#server = createServer((near) => {
      const far = connect(target.port, target.host);
      this.#join(near, far);
      this.#join(far, near);
    });
  }

  /**
   * @param {string} url
   * @returns {Promise<string>} the same through this way
   */
  async start(url) {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const { port } = /** @type {import('node:net').AddressInfo} */ (this.#server.address());
    const through = new URL(url);
    through.port = String(port);
    return through.href;
  }

  /** Connections that are open carry nothing from now on, and nobody is told. New ones work. */
  silence() {
    for (const socket of this.#sockets) {
      socket.unpipe();
      socket.on('data', () => undefined);
      this.#silenced.add(socket);
    }
    this.#sockets.clear();
  }

  stop() {
    this.#server.close();
    for (const socket of [...this.#sockets, ...this.#silenced]) socket.destroy();
  }

  /**
   * @param {import('node:net').Socket} from
   * @param {import('node:net').Socket} to
   */
  #join(from, to) {
    this.#sockets.add(from);
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.#sockets.delete(from);
      if (!this.#silenced.has(from)) to.destroy();
    });
    from.pipe(to);
  }
}
