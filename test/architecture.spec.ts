import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const lib = fileURLToPath(new URL('../lib/', import.meta.url));
/** In the order in which an event passes them, which is the order of the alphabet. */
const stages = ['attach', 'capture', 'claim', 'deliver', 'record', 'retry'];
/** A longer file has two reasons to change. */
const mostLines = 350;
/** What users call in their own migrations keeps its name. */
const functionsForUsers = ['attach', 'detach'];

const importsOf = (text: string): string[] =>
  [...text.matchAll(/(?:from|import) '(\.[^']+)'/g)].map((match) => match[1]!);

async function sources(): Promise<Map<string, string>> {
  const names = await readdir(lib, { recursive: true });
  const files = names.filter((name) => name.endsWith('.ts')).sort();
  const texts = await Promise.all(files.map((name) => readFile(join(lib, name), 'utf8')));
  return new Map(files.map((name, place) => [name.replaceAll('\\', '/'), texts[place]!]));
}

/** Those that are called or created by name; columns follow the name of a table after a space. */
const schemaFunctionsIn = (text: string): string[] =>
  [...text.matchAll(/\$\{[\w.]*schema\}\.(\w+)\(/g)].map((match) => match[1]!);

const target = (from: string, specifier: string): string =>
  relative(lib, resolve(lib, dirname(from), specifier))
    .replaceAll('\\', '/')
    .replace(/\.js$/, '.ts');

const stageOf = (file: string): number =>
  stages.findIndex((stage) => file.startsWith(`pipeline/${stage}/`));

describe('the layout is the way of an event', () => {
  it('has stages whose names are in the order of the alphabet', async () => {
    const entries = await readdir(join(lib, 'pipeline'), { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    expect(folders.sort()).toEqual(stages);
  });

  it('lets no stage import a later one', async () => {
    const wrong = [];
    for (const [file, text] of await sources()) {
      const own = stageOf(file);
      if (own < 0) continue;
      for (const imported of importsOf(text).map((specifier) => target(file, specifier))) {
        if (stageOf(imported) > own) wrong.push(`${file} imports ${imported}`);
      }
    }
    expect(wrong, 'a stage knows only those that an event has passed before it').toEqual([]);
  });

  it('lets stages import nothing that stands above the pipeline but options and errors', async () => {
    const allowed =
      /^(pipeline\/|schema\/|database|duration|package-version|retry\.options|breaker\.options|signing-keys?(\.options)?|environment-template|validation|nearest-name|state-log|event-triggers\.(options|errors)|application-name)/;
    const wrong = [];
    for (const [file, text] of await sources()) {
      if (stageOf(file) < 0) continue;
      for (const imported of importsOf(text).map((specifier) => target(file, specifier))) {
        if (!allowed.test(imported)) wrong.push(`${file} imports ${imported}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('keeps the receiving side free of the rest, so that a receiver needs no database', async () => {
    const wrong = [];
    for (const [file, text] of await sources()) {
      if (!file.startsWith('webhook/')) continue;
      for (const imported of importsOf(text).map((specifier) => target(file, specifier))) {
        if (
          !/^(webhook\/|event-triggers\.errors|signing-key|environment-template|state-log)/.test(
            imported,
          )
        )
          wrong.push(`${file} imports ${imported}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('lets nobody import the command line, which imports all', async () => {
    const wrong = [];
    for (const [file, text] of await sources()) {
      if (file.startsWith('cli/')) continue;
      for (const imported of importsOf(text).map((specifier) => target(file, specifier))) {
        if (imported.startsWith('cli/')) wrong.push(`${file} imports ${imported}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('lets nobody but telemetry import what it needs, nor telemetry itself', async () => {
    const wrong = [];
    for (const [file, text] of await sources()) {
      if (file.startsWith('telemetry/')) continue;
      const optional =
        /(?:from|import) '((?:prom-client|@opentelemetry\/|@nestjs\/terminus)[^']*)'/.exec(text);
      if (optional !== null) wrong.push(`${file} imports ${optional[1]}`);
      for (const imported of importsOf(text).map((specifier) => target(file, specifier))) {
        if (imported.startsWith('telemetry/')) wrong.push(`${file} imports ${imported}`);
      }
    }
    expect(wrong, 'only who uses a part of it has installed its package').toEqual([]);
  });

  it('has one barrel, the public API', async () => {
    const names = [...(await sources()).keys()].filter((file) => file.endsWith('index.ts'));
    expect(names).toEqual(['index.ts']);
  });

  it('has no file that is longer than a file with one reason to change', async () => {
    const long = [...(await sources())]
      .map(([file, text]) => `${file}: ${text.split('\n').length}`)
      .filter((line) => Number(line.split(': ')[1]) > mostLines);
    expect(long).toEqual([]);
  });
});

describe('releases run side by side', () => {
  it('calls functions of the schema by names that carry their version', async () => {
    const called = [];
    const wrong = [];
    for (const [file, text] of await sources()) {
      for (const name of schemaFunctionsIn(text)) {
        called.push(name);
        if (!/_v\d+$/.test(name) && !functionsForUsers.includes(name))
          wrong.push(`${file}: ${name}`);
      }
    }
    expect(called, 'functions that were found').toContain('cycle_v1');
    expect(wrong, 'a release could change these only beneath the one before').toEqual([]);
  });
});
