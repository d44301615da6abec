import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
/** What is installed is linked, what is built is built anew. */
const NOT_COPIED = ['node_modules', '.git', 'dist'];

interface Manifest {
  name: string;
  version: string;
  main: string;
  types: string;
  bin: Record<string, string>;
  /** Conditions in the order in which they are tried, or the file itself. */
  exports: Record<string, string | Record<string, string>>;
}

export interface PackedPackage {
  tarball: string;
  /** Where it is unpacked; what it depends on is found from there. */
  folder: string;
  manifest: Manifest;
  remove(): Promise<void>;
}

/** What would be published: `npm pack` with its scripts, in a copy, as other tests use the build of this repository. */
export async function packPackage(): Promise<PackedPackage> {
  const place = await mkdtemp(join(tmpdir(), 'event-triggers-package-'));
  const copy = join(place, 'repository');
  await cp(REPOSITORY, copy, {
    recursive: true,
    filter: (path) => !NOT_COPIED.includes(basename(path)),
  });
  const installed = join(REPOSITORY, 'node_modules');
  await symlink(installed, join(copy, 'node_modules'), 'junction');
  await symlink(installed, join(place, 'node_modules'), 'junction');

  const running = process.env['npm_execpath'];
  await run(
    running ? process.execPath : 'npm',
    [...(running ? [running] : []), 'pack', '--silent', '--pack-destination', place],
    { cwd: copy },
  );
  const [tarball] = (await readdir(place)).filter((name) => name.endsWith('.tgz'));
  if (!tarball) throw new Error('`npm pack` ended well and left no tarball.');

  await mkdir(join(place, 'unpacked'));
  await run('tar', ['-xzf', tarball, '-C', 'unpacked'], { cwd: place });
  const folder = join(place, 'unpacked', 'package');
  return {
    tarball: join(place, tarball),
    folder,
    manifest: JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest,
    remove: () => rm(place, { recursive: true }),
  };
}

const run = promisify(execFile);

/** Every file below a folder, with `/` between its parts. */
export async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .map((path) => path.replaceAll('\\', '/'))
    .sort();
}
