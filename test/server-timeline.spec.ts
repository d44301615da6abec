import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, chmod, chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  onTestFinished,
} from 'vitest';
import { Database } from '../lib/database.js';
import { startPostgres, type RunningPostgres } from './support/postgres/start-postgres.mjs';
import { eventually } from './support/wait-until.js';

const TIMELINE = `select left(pg_walfile_name(pg_current_wal_lsn()), 8) as timeline`;

/** What Postgres says when it ends a session that is idle. */
const FATAL = errorResponse({
  S: 'FATAL',
  V: 'FATAL',
  C: '57P01',
  M: 'terminating connection due to administrator command',
});
/** Ready for a query, and no transaction is open. */
const READY = Buffer.from('Z\0\0\0\x05I', 'latin1');

/** An address that leads to one server and later to another, as that of a cluster does. */
class Address {
  /** The answer, counted over a connection, after which the server ends the session in the same breath. */
  endsAfter = Number.POSITIVE_INFINITY;
  private readonly sockets = new Set<Socket>();
  private readonly relay: Server = createServer((near) => {
    const far = connect(this.target.port, this.target.host);
    let answers = 0;
    near.on('data', (chunk) => far.write(chunk));
    far.on('data', (chunk) => {
      if (chunk.includes(READY)) answers += 1;
      near.write(answers === this.endsAfter ? Buffer.concat([chunk, FATAL]) : chunk);
      if (answers === this.endsAfter) near.end();
    });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
  });

  constructor(private target: RunningPostgres) {}

  async open(): Promise<string> {
    this.relay.listen(0, '127.0.0.1');
    await once(this.relay, 'listening');
    const url = new URL(this.target.url);
    url.port = String((this.relay.address() as AddressInfo).port);
    return url.href;
  }

  lead(to: RunningPostgres): void {
    this.target = to;
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
  }

  close(): void {
    this.lead(this.target);
    this.relay.close();
  }
}

describe('a server that was failed over from', () => {
  let scratch: string;
  let former: RunningPostgres;
  let successor: RunningPostgres;
  let address: Address;
  let database: Database;

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'event-triggers-failover-'));
    // The user that the servers run as goes through it.
    await chmod(scratch, 0o755);
    const [own, copy] = [join(scratch, 'former'), join(scratch, 'successor')];
    await (await startPostgres({ dataDirectory: own })).stop();
    await promisify(execFile)('cp', ['-a', own, copy]);
    // It finds nothing more to recover and begins a timeline of its own.
    await appendFile(join(copy, 'postgresql.conf'), `restore_command = 'false'\n`);
    await writeFile(join(copy, 'recovery.signal'), '');
    const { uid, gid } = await stat(copy);
    await chown(join(copy, 'recovery.signal'), uid, gid);
    [former, successor] = await Promise.all([
      startPostgres({ dataDirectory: own }),
      startPostgres({ dataDirectory: copy }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([former.stop(), successor.stop()]);
    await rm(scratch, { recursive: true });
  });

  beforeEach(async () => {
    address = new Address(former);
    database = new Database({ connectionString: await address.open() });
  });
  afterEach(async () => {
    await database.close();
    address.close();
  });

  /** The first calls may find that the connections of before are gone. */
  const timeline = () =>
    eventually(async () => (await database.query<{ timeline: string }>(TIMELINE))[0]!.timeline, {
      describe: 'an answer',
    });
  const answer = () => database.query(TIMELINE).then(() => 'an answer', codeOf);

  it('is followed by its successor', async () => {
    expect(await timeline()).toBe('00000001');
    address.lead(successor);
    expect(await timeline()).toBe('00000002');
  });

  it('is refused by whoever has seen its successor, until the address leads there again', async () => {
    address.lead(successor);
    expect(await timeline()).toBe('00000002');
    address.lead(former);
    await eventually(async () => (await answer()) === 'ET_FORMER_PRIMARY', {
      describe: 'the former primary to be refused',
    });
    expect(await answer(), 'on another connection').toBe('ET_FORMER_PRIMARY');
    await expect(
      database.use(() => Promise.resolve()),
      'a connection that is lent',
    ).rejects.toThrow('failed over from: it is on timeline 1, and timeline 2 has been seen');

    address.lead(successor);
    expect(await timeline()).toBe('00000002');
  });
});

it('a session that ends as it is looked at fails a query and nothing else', async () => {
  const server = await startPostgres();
  const address = new Address(server);
  const database = new Database({ connectionString: await address.open() });
  onTestFinished(async () => {
    await database.close();
    address.close();
    await server.stop();
  });
  // The first says that the session has begun, the second answers what is asked of a new one.
  address.endsAfter = 2;
  await expect(database.query(TIMELINE)).rejects.toThrow('terminat');

  address.endsAfter = Number.POSITIVE_INFINITY;
  expect(await database.query(TIMELINE)).toHaveLength(1);
});

/** https://www.postgresql.org/docs/current/protocol-error-fields.html */
function errorResponse(fields: Record<string, string>): Buffer {
  const body = `${Object.entries(fields)
    .map(([type, value]) => `${type}${value}\0`)
    .join('')}\0`;
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(4 + body.length, 1);
  return Buffer.concat([head, Buffer.from(body)]);
}

const codeOf = (error: { code?: unknown }): unknown => error.code;
