// @ts-check
/** Builds the library, its console and the sample app where the output is missing or older than a source. */
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));
const CONFIGURATION = ['tsconfig.json', 'nest-cli.json', 'package-lock.json'];

const NEST = 'node_modules/@nestjs/cli/bin/nest.js';
const VITE = 'node_modules/vite/bin/vite.js';

const PROJECTS = [
  { name: 'lib', command: [NEST, 'build', 'lib'], output: 'dist/index.js', sources: ['lib'] },
  // Within the output of the library, which is emptied when that is built.
  {
    name: 'console',
    command: [VITE, 'build', '--config', 'lib/console/web/vite.config.ts', '--logLevel', 'warn'],
    output: 'dist/console/web/index.html',
    sources: ['lib/console/web'],
  },
  // The sample app is checked against the declarations of the library, so it follows them.
  {
    name: 'sample-app',
    command: [NEST, 'build', 'sample-app'],
    output: 'sample-app/dist/main.js',
    sources: ['sample-app', 'lib'],
  },
];

/** @param {string[]} [names] of the projects; default: all */
export function buildOutdated(names = PROJECTS.map(({ name }) => name)) {
  for (const { name, command, output, sources } of PROJECTS) {
    if (!names.includes(name)) continue;
    const newestSource = Math.max(...[...sources, ...CONFIGURATION].map(newestChange));
    if (newestChange(output) > newestSource) continue;
    console.log(`Building ${name}`);
    const { status } = spawnSync(process.execPath, command, { cwd: REPOSITORY, stdio: 'inherit' });
    if (status !== 0) throw new Error(`Building ${name} failed; the messages are above.`);
  }
}

/**
 * @param {string} path relative to the repository
 * @returns {number} milliseconds since the epoch; 0 where nothing is
 */
function newestChange(path) {
  const entry = statSync(join(REPOSITORY, path), { throwIfNoEntry: false });
  if (!entry) return 0;
  if (!entry.isDirectory()) return entry.mtimeMs;
  const inside = readdirSync(join(REPOSITORY, path)).filter((name) => name !== 'dist');
  return Math.max(0, ...inside.map((name) => newestChange(`${path}/${name}`)));
}
