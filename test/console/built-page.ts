import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const BUILD = [
  'node_modules/vite/bin/vite.js',
  'build',
  '--config',
  'lib/console/web/vite.config.ts',
];

/** A folder of its own with the page as it is published: what lies in `dist` may be older than the sources. */
export async function builtPage(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'console-page-'));
  await promisify(execFile)(
    process.execPath,
    [...BUILD, '--logLevel', 'warn', '--outDir', folder, '--emptyOutDir'],
    // Tests run in an environment of their own, which packages are built differently for.
    { cwd: REPOSITORY, env: { ...process.env, NODE_ENV: 'production' } },
  );
  return folder;
}
