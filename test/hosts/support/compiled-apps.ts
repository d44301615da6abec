import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import { oneAtATime } from '../../support/one-at-a-time.js';
import { hashOf } from './cache.js';
import { installedHost, type Host } from './installation.js';

const APPS = fileURLToPath(new URL('../apps', import.meta.url));

export type ModuleKind = 'ESM' | 'CommonJS';

/** As a user would have it who has read nothing but the documents of Nest and TypeScript. */
const COMPILER_OPTIONS = {
  module: 'nodenext',
  target: 'ES2023',
  strict: true,
  // The declarations of the package are checked with those of all that it builds on.
  skipLibCheck: false,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  types: ['node'],
  rootDir: 'src',
  outDir: 'dist',
};

export interface CompiledApps {
  /** Where the applications are, as JavaScript. */
  readonly folder: string;
  /** Where the host has its packages. */
  readonly host: string;
}

/** Compiles the applications against what a host has installed, unless that was done before. */
export async function compiledApps(name: Host, kind: ModuleKind): Promise<CompiledApps> {
  const host = await installedHost(name);
  const folder = join(host, kind.toLowerCase());
  await oneAtATime(`compiling ${folder}`, () => compile(host, folder, kind));
  return { folder: join(folder, 'dist'), host };
}

async function compile(host: string, folder: string, kind: ModuleKind): Promise<void> {
  const inputs = inputsOf(host);
  const mark = join(folder, '.compiled');
  if (read(mark) === inputs) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  cpSync(APPS, join(folder, 'src'), {
    recursive: true,
    filter: (path) => !path.endsWith('.json'),
  });
  const settings = { compilerOptions: COMPILER_OPTIONS, include: ['src'] };
  writeFileSync(join(folder, 'package.json'), kind === 'ESM' ? '{ "type": "module" }' : '{}');
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings));
  await runCompiler(host, folder, kind);
  writeFileSync(mark, inputs);
}

async function runCompiler(host: string, folder: string, kind: ModuleKind): Promise<void> {
  const compiler = join(host, 'node_modules', 'typescript', 'bin', 'tsc');
  try {
    await promisify(execFile)(process.execPath, [compiler, '--project', folder]);
  } catch (error) {
    const { stdout = '' } = error as { stdout?: string };
    throw new Error(
      `Expected the applications to compile as ${kind} in ${folder}, strictly and with skipLibCheck: false, but:\n${stdout}`,
      { cause: error },
    );
  }
}

function inputsOf(host: string): string {
  const sources = readdirSync(APPS).map((name) => readFileSync(join(APPS, name)));
  return hashOf(
    JSON.stringify(COMPILER_OPTIONS),
    readFileSync(inject('packedPackage')),
    readFileSync(join(host, 'package-lock.json')),
    ...sources,
  );
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
