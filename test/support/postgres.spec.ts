import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { findPlatformPackage, restoreLinks } from './postgres/binaries.mjs';
import { isOpenTo } from './postgres/server-user.mjs';
import { startPostgres } from './postgres/start-postgres.mjs';
import { createTestDatabase, prepareTemplateDatabase, type TestDatabase } from './test-database.js';
import { eventually } from './wait-until.js';

const embedded = inject('serverIsEmbedded');
const runsAsRoot = process.getuid?.() === 0;

let folder: string;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'event-triggers-support-')));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a test database', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it('is empty and seen by nobody else', async () => {
    const other = await createTestDatabase();
    await database.query('create table only_here ()');
    const tables = await other.query(`select tablename from pg_tables where schemaname = 'public'`);
    await other.drop();
    expect(tables).toEqual([]);
  });

  it('is what a data source with its options connects to', async () => {
    const dataSource = await new DataSource(database.dataSourceOptions).initialize();
    const [row] = await dataSource.query<{ name: string }[]>('select current_database() as name');
    await dataSource.destroy();
    expect(row?.name).toBe(database.name);
  });

  it('is a copy of a template that is prepared once', async () => {
    let preparations = 0;
    const prepare = async (draft: TestDatabase): Promise<void> => {
      preparations++;
      await draft.query('create table from_template as select 42 as answer');
    };
    const template = await prepareTemplateDatabase('support_spec', prepare);
    await prepareTemplateDatabase('support_spec', prepare);
    const copy = await createTestDatabase({ template });
    const rows = await copy.query('select answer from from_template');
    await copy.drop();
    expect({ preparations, rows }).toEqual({ preparations: 1, rows: [{ answer: 42 }] });
  });

  it('goes away with everybody who is connected to it', async () => {
    const doomed = await createTestDatabase();
    const stranger = new DataSource({ ...doomed.dataSourceOptions, poolErrorHandler: () => {} });
    await stranger.initialize();
    await doomed.client();
    await doomed.drop();
    const left = await database.query('select from pg_database where datname = $1', [doomed.name]);
    await stranger.destroy();
    expect(left).toEqual([]);
  });
});

describe.runIf(embedded)('the embedded server', () => {
  it('has the version that was asked for', async () => {
    const database = await createTestDatabase();
    const [row] = await database.query<{ server_version: string }>('show server_version');
    await database.drop();
    const wanted = process.env['POSTGRES_VERSION'] ?? '18';
    expect(row?.server_version.split('.')[0]).toBe(wanted);
  });

  it.runIf(runsAsRoot && process.platform === 'linux')('does not run as root', async () => {
    const server = await startPostgres();
    const status = await readFile(`/proc/${server.pid}/status`, 'utf8');
    await server.stop();
    expect(status).toMatch(/^Uid:\s+[1-9]/m);
  });

  it('comes back on its port after a crash, with what was committed', async () => {
    const server = await startPostgres({ settings: { max_prepared_transactions: 3 } });
    const dataSource = new DataSource({ type: 'postgres', url: server.url });
    await dataSource.initialize();
    await dataSource.query('create table kept ()');
    await dataSource.destroy();
    await server.restart({ mode: 'immediate' });
    await dataSource.initialize();
    const [row] = await dataSource.query<{ kept: string; max: string }[]>(
      `select to_regclass('kept') as kept, current_setting('max_prepared_transactions') as max`,
    );
    await dataSource.destroy();
    await server.stop();
    expect(row).toEqual({ kept: 'kept', max: '3' });
  });

  it('asks for the password that it was given', async () => {
    const server = await startPostgres({ password: "it's @ secret/" });
    const wrongUrl = new URL(server.url);
    wrongUrl.password = 'wrong';
    const right = await new DataSource({ type: 'postgres', url: server.url }).initialize();
    const wrong = new DataSource({ type: 'postgres', url: wrongUrl.href }).initialize();
    await expect(wrong).rejects.toThrow(/password authentication failed/);
    await right.destroy();
    await server.stop();
  });

  it('leaves nothing behind when its process is killed', async () => {
    const modulePath = new URL('postgres/start-postgres.mjs', import.meta.url).href;
    const script = `
      import { startPostgres } from ${JSON.stringify(modulePath)};
      const { port, dataDirectory } = await startPostgres();
      console.log(JSON.stringify({ port, dataDirectory }));
      setInterval(() => {}, 1000);`;
    const owner = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(owner.stdout, 'data')) as [Buffer];
    const { port, dataDirectory } = JSON.parse(line.toString()) as {
      port: number;
      dataDirectory: string;
    };
    expect(await accepts(port)).toBe(true);
    owner.kill('SIGKILL');
    await eventually(async () => !(await accepts(port)), { describe: 'the server to stop' });
    await eventually(async () => !(await exists(dataDirectory)), { describe: 'its files to go' });
  });

  it('says what is wrong with a setting', async () => {
    const server = startPostgres({ settings: { max_connections: 'many' } });
    await expect(server).rejects.toThrow(/invalid value for parameter "max_connections"/);
  });

  it('says which versions there are', async () => {
    await expect(startPostgres({ version: '9' })).rejects.toThrow(
      `POSTGRES_VERSION is '9', but only 15 and 18 are installed. Set one.`,
    );
  });
});

describe('the server binaries', () => {
  it('are there for each version', () => {
    expect(new Set(['15', '18'].map(findPlatformPackage)).size).toBe(2);
  });

  it('get back the links that an install script makes elsewhere', async () => {
    await mkdir(join(folder, 'native', 'lib'), { recursive: true });
    await writeFile(join(folder, 'native', 'lib', 'libpq.so.5.18'), 'library');
    const link = { source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so' };
    await writeFile(join(folder, 'native', 'pg-symlinks.json'), JSON.stringify([link]));
    await restoreLinks(folder);
    await restoreLinks(folder);
    expect(await readFile(join(folder, link.target), 'utf8')).toBe('library');
    expect((await lstat(join(folder, link.target))).isSymbolicLink()).toBe(true);
  });

  it.runIf(process.platform !== 'win32')('are known to be closed to another user', async () => {
    const stranger = { uid: 4242, gid: 4242 };
    const inside = join(folder, 'closed', 'inside');
    await mkdir(inside, { recursive: true, mode: 0o755 });
    await rm(join(folder, 'closed'), { recursive: true });
    await mkdir(join(folder, 'closed'), { mode: 0o700 });
    await mkdir(inside, { mode: 0o755 });
    expect(await isOpenTo(stranger, inside)).toBe(false);
    expect(await isOpenTo(stranger, tmpdir())).toBe(true);
    expect(await isOpenTo(undefined, inside)).toBe(true);
  });
});

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
