import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const CONFIGURATION = 'lib/console/web/vite.config.ts';
const BUILD = ['node_modules/vite/bin/vite.js', 'build', '--config', CONFIGURATION];

/** A folder of its own with the page as it is published: what lies in `dist` may be older than the sources. */
export async function builtPage(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'console-page-'));
  const into = ['--logLevel', 'warn', '--outDir', folder, '--emptyOutDir'];
  await promisify(execFile)(process.execPath, [...BUILD, ...into], { cwd: REPOSITORY });
  return folder;
}
