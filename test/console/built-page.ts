import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const SOURCES = join(REPOSITORY, 'lib/console/web');
const BUILT = join(REPOSITORY, 'dist/console/web/index.html');
const CONFIGURATION = 'lib/console/web/vite.config.ts';
const BUILD = ['node_modules/vite/bin/vite.js', 'build', '--config', CONFIGURATION];

/** A folder of its own with the page as it is published: what lies in `dist` may be older than the sources. */
export async function builtPage(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'console-page-'));
  await build('--outDir', folder, '--emptyOutDir');
  return folder;
}

/** Makes the page that applications serve when they run from the sources, where it is missing or older than them. */
export async function buildServedPage(): Promise<void> {
  const names = await readdir(SOURCES, { recursive: true });
  const newest = Math.max(...names.map((name) => statSync(join(SOURCES, name)).mtimeMs));
  if (existsSync(BUILT) && statSync(BUILT).mtimeMs > newest) return;
  await build();
}

async function build(...more: string[]): Promise<void> {
  await promisify(execFile)(process.execPath, [...BUILD, '--logLevel', 'warn', ...more], {
    cwd: REPOSITORY,
    // Tests run in an environment of their own, which packages are built differently for.
    env: { ...process.env, NODE_ENV: 'production' },
  });
}
