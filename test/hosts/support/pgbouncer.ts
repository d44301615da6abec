import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../../support/free-port.mjs';
import { serverUser, temporaryDirectoryOf } from '../../support/postgres/server-user.mjs';
import { eventually } from '../../support/wait-until.js';

const HOST = '127.0.0.1';
/** Fewer than clients, so that transactions of one client go to several sessions. */
const SESSIONS = 4;

/** Debian puts it where only administrators look. */
const PROGRAM = ['/usr/sbin/pgbouncer', 'pgbouncer'].find(
  (program) => spawnSync(program, ['--version']).status === 0,
);

/** Whether there is one on this machine: `apt-get install pgbouncer` brings it. */
export const hasPgBouncer = PROGRAM !== undefined;

export interface PgBouncer {
  /** The same connection string, through the pooler. */
  urlOf(url: string): string;
  stop(): Promise<void>;
}

/** A pooler in transaction mode in front of a server that asks for no password. */
export async function startPgBouncer(serverUrl: string): Promise<PgBouncer> {
  const server = new URL(serverUrl);
  const user = serverUser();
  const folder = await mkdtemp(join(await temporaryDirectoryOf(user), 'event-triggers-pgbouncer-'));
  const port = await freePort(HOST);
  const [users, settings] = [join(folder, 'users.txt'), join(folder, 'pgbouncer.ini')];
  await writeFile(users, `"${server.username}" ""\n`);
  await writeFile(
    settings,
    `[databases]
* = host=${server.hostname} port=${server.port}
[pgbouncer]
listen_addr = ${HOST}
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${users}
pool_mode = transaction
default_pool_size = ${SESSIONS}
`,
  );
  if (user) for (const path of [folder, users, settings]) await chown(path, user.uid, user.gid);

  // It refuses to run as root.
  const child = spawn(PROGRAM!, [settings], { ...user, cwd: folder });
  let printed = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (printed += text));
  const ended = once(child, 'close');
  await eventually(() => accepts(port), {
    describe: 'PgBouncer to accept connections',
  }).catch((cause: unknown) => {
    child.kill();
    throw new Error(`PgBouncer did not start:\n${printed}`, { cause });
  });

  return {
    urlOf(url) {
      const through = new URL(url);
      through.host = `${HOST}:${port}`;
      return through.href;
    },
    async stop() {
      child.kill('SIGINT');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, HOST);
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
