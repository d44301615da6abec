import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesOf, packPackage, type PackedPackage } from './packed-package.js';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const TYPES_CHECK = 'node_modules/@arethetypeswrong/cli/dist/index.js';
/** Room for what is written from now on, and none for a picture or a dependency that slipped in. */
const MOST_PACKED_BYTES = 1.25 * 1024 * 1024;
/** What is in the package beside what is built. */
const DOCUMENTS = [
  'CHANGELOG.md',
  'LICENSE',
  'README.md',
  'dist/telemetry/grafana-dashboard.json',
  'package.json',
];
/** Names of what Vite writes carry a hash. */
const CONSOLE_PAGE = /^dist\/console\/web\/(index\.html|assets\/[\w-]+-[\w-]{8}\.(js|css|svg))$/;
/** Compiles all sources, builds the page and packs both, beside other tests. */
const PACKING_TIME = 180_000;

const run = promisify(execFile);

interface SourceMap {
  sources: string[];
  sourcesContent?: (string | null)[];
}

describe('the package, packed', () => {
  let packed: PackedPackage;
  let files: string[];
  beforeAll(async () => {
    packed = await packPackage();
    files = await filesOf(packed.folder);
  }, PACKING_TIME);
  afterAll(() => packed?.remove());

  const read = (file: string): Promise<string> => readFile(join(packed.folder, file), 'utf8');

  it('has each source of the library compiled, with types and a map, its documents, and nothing else', async () => {
    const sources = (await filesOf(join(REPOSITORY, 'lib')))
      .filter((file) => file.endsWith('.ts') && !file.startsWith('console/web/'))
      .map((file) => file.replace(/\.ts$/, ''));
    const compiled = sources.flatMap((name) =>
      ['.d.ts', '.js', '.js.map'].map((ending) => `dist/${name}${ending}`),
    );
    expect(
      files.filter((file) => !CONSOLE_PAGE.test(file)),
      'what is published is decided by `files` in package.json and by lib/tsconfig.json',
    ).toEqual([...DOCUMENTS, ...compiled].sort());
  });

  it('has the page of the console, built', async () => {
    const page = files.filter((file) => CONSOLE_PAGE.test(file));
    const html = await read('dist/console/web/index.html');
    const asked = [...html.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map((match) => match[1]!);
    expect(page.map((file) => file.replace('dist/console/web/', ''))).toEqual(
      ['index.html', ...asked].sort(),
    );
  });

  it('has in each map the text of its sources, which are not beside it', async () => {
    const incomplete = [];
    for (const file of files.filter((name) => name.endsWith('.map'))) {
      const { sources, sourcesContent } = JSON.parse(await read(file)) as SourceMap;
      const away = sources
        .map((source) => relative(packed.folder, resolve(packed.folder, dirname(file), source)))
        .filter((source) => source.startsWith('..'));
      const empty = sources.filter((_, place) => !sourcesContent?.[place]);
      if (away.length > 0) incomplete.push(`${file} points out of the package: ${away.join(', ')}`);
      if (empty.length > 0) incomplete.push(`${file} lacks the text of ${empty.join(', ')}`);
    }
    expect(incomplete).toEqual([]);
  });

  it(`weighs no more than ${MOST_PACKED_BYTES / 1024} KB`, async () => {
    const { size } = await stat(packed.tarball);
    expect(size, 'look at `npm pack --dry-run` for what has grown').toBeLessThanOrEqual(
      MOST_PACKED_BYTES,
    );
  });

  it('has every file that package.json names', () => {
    const { main, types, bin, exports } = packed.manifest;
    const named = [
      main,
      types,
      ...Object.values(bin),
      ...Object.values(exports).flatMap((target) =>
        typeof target === 'string' ? target : Object.values(target),
      ),
    ].map((path) => path.replace(/^\.\//, ''));
    expect(named.filter((path) => !files.includes(path))).toEqual([]);
  });

  it('has commands that a shell can run', async () => {
    for (const path of Object.values(packed.manifest.bin)) {
      expect((await read(path)).split('\n', 1)).toEqual(['#!/usr/bin/env node']);
      const { mode } = await stat(join(packed.folder, path));
      // The compiler writes no such file, and npm packs what it finds: `prepack` sets the mode.
      expect((mode & 0o111).toString(8), `who may execute ${path}`).toBe('111');
    }
  });

  it('runs as it is unpacked: its command knows its version', async () => {
    const { bin, version } = packed.manifest;
    for (const path of Object.values(bin)) {
      const { stdout } = await run(process.execPath, [path, '--version'], { cwd: packed.folder });
      expect(stdout.trim()).toBe(version);
    }
  });

  it('gives the same, imported and required, by each of its names', async () => {
    const { name, exports } = packed.manifest;
    for (const subpath of Object.keys(exports).filter((key) => !key.endsWith('.json'))) {
      const specifier = JSON.stringify(subpath.replace('.', name));
      const script = `
        const required = require(${specifier});
        import(${specifier}).then((imported) => {
          console.log(imported === required && Object.keys(required).length > 0);
        })`;
      const { stdout } = await run(
        process.execPath,
        ['--no-warnings', '--input-type=commonjs', '--eval', script],
        { cwd: packed.folder },
      );
      expect(stdout.trim(), `whether ${specifier} is one module with exports`).toBe('true');
    }
  });

  it('gives publint nothing to say', async () => {
    const { buffer, byteOffset, byteLength } = await readFile(packed.tarball);
    const tarball = buffer.slice(byteOffset, byteOffset + byteLength);
    const { messages, pkg } = await publint({ strict: true, pack: { tarball } });
    expect(
      messages.map((message) => formatMessage(message, pkg as object, { color: false })),
    ).toEqual([]);
  });

  it('has types that resolve wherever the package can be imported', async () => {
    const said = await run(
      process.execPath,
      [join(REPOSITORY, TYPES_CHECK), packed.tarball, '--profile', 'esm-only', '--no-color'],
      { cwd: REPOSITORY },
    ).then(
      () => 'no problem',
      ({ stdout, stderr }: { stdout: string; stderr: string }) => stdout + stderr,
    );
    expect(said).toBe('no problem');
  });
});
