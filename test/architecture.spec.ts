import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const lib = fileURLToPath(new URL('../lib/', import.meta.url));
/** In the order in which an event passes them, which is the order of the alphabet. */
const stages = ['attach', 'capture', 'claim', 'deliver', 'record', 'retry'];
/** A longer file has two reasons to change. */
const mostLines = 350;
/** What each folder of the library knows of the others: everybody knows the pipeline, which knows nobody. */
const known: Record<string, readonly string[]> = {
  schema: [],
  webhook: [],
  pipeline: ['schema'],
  handler: ['schema', 'pipeline', 'webhook'],
  telemetry: ['schema', 'pipeline'],
  testing: ['schema', 'pipeline'],
  admin: ['pipeline', 'webhook', 'console'],
  console: ['pipeline', 'admin'],
  cli: ['schema', 'pipeline'],
};
/** What an application chooses to have around the engine, which runs without it. */
const around = ['admin', 'console', 'telemetry', 'testing', 'cli'];
/** What users call in their own migrations keeps its name. */
const functionsForUsers = ['attach', 'detach'];

const importsOf = (text: string): string[] =>
  [...text.matchAll(/(?:from|import) '(\.[^']+)'/g)].map((match) => match[1]!);

/** What has to be installed for a file to load: not what it only takes types from, or loads when it is needed. */
const packagesLoadedBy = (text: string): string[] =>
  [...text.matchAll(/^(?:import|export) (?!type )[^;]*?from '([^.'][^']*)'/gm)].map(
    (match) => match[1]!,
  );

async function sources(kind = /\.tsx?$/): Promise<Map<string, string>> {
  const names = await readdir(lib, { recursive: true });
  const files = names.filter((name) => kind.test(name)).sort();
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

/** Each file with each file that it imports, for its types too. */
async function imports(): Promise<[file: string, imported: string][]> {
  return [...(await sources())].flatMap(([file, text]) =>
    importsOf(text).map((specifier): [string, string] => [file, target(file, specifier)]),
  );
}

const told = ([file, imported]: [string, string]): string => `${file} imports ${imported}`;

/** Of what `lib` holds, or undefined for files that lie there themselves. */
const folderOf = (file: string): string | undefined => /^([^/]+)\//.exec(file)?.[1];

const stageOf = (file: string): number =>
  stages.findIndex((stage) => file.startsWith(`pipeline/${stage}/`));

describe('the layout is the way of an event', () => {
  it('has stages whose names are in the order of the alphabet', async () => {
    const entries = await readdir(join(lib, 'pipeline'), { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    expect(folders.sort()).toEqual(stages);
  });

  it('lets no stage import a later one', async () => {
    const wrong = (await imports()).filter(
      ([file, imported]) => stageOf(file) >= 0 && stageOf(imported) > stageOf(file),
    );
    expect(wrong.map(told), 'a stage knows only those that an event has passed before it').toEqual(
      [],
    );
  });

  it('lets stages import nothing that stands above the pipeline but options and errors', async () => {
    const allowed =
      /^(pipeline\/|schema\/|database|duration|package-version|retry\.options|breaker\.options|signing-keys?(\.options)?|environment-template|validation|nearest-name|state-log|event-triggers\.(options|errors)|application-name)/;
    const wrong = (await imports()).filter(
      ([file, imported]) => stageOf(file) >= 0 && !allowed.test(imported),
    );
    expect(wrong.map(told)).toEqual([]);
  });

  it('keeps the receiving side free of the rest, so that a receiver needs no database', async () => {
    const allowed =
      /^(webhook\/|event-triggers\.errors|signing-key|environment-template|state-log)/;
    const wrong = (await imports()).filter(
      ([file, imported]) => folderOf(file) === 'webhook' && !allowed.test(imported),
    );
    expect(wrong.map(told)).toEqual([]);
  });

  it('lets each folder know only what it stands on, and none the one that stands on it', async () => {
    const edges = await imports();
    const folders = new Set(edges.flatMap(([file]) => folderOf(file) ?? []));
    expect([...folders].sort(), 'folders, each with what it may know').toEqual(
      Object.keys(known).sort(),
    );
    const wrong = edges.filter(([file, imported]) => {
      const [from, to] = [folderOf(file), folderOf(imported)];
      return from && to && from !== to && !known[from]?.includes(to);
    });
    expect(wrong.map(told)).toEqual([]);
  });

  it('lets nothing but the public API know what an application can do without', async () => {
    const wrong = (await imports()).filter(
      ([file, imported]) =>
        file !== 'index.ts' && !folderOf(file) && around.includes(folderOf(imported) ?? ''),
    );
    expect(wrong.map(told)).toEqual([]);
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
    const long = [...(await sources(/\.(tsx?|css)$/))]
      .map(([file, text]) => `${file}: ${text.split('\n').length}`)
      .filter((line) => Number(line.split(': ')[1]) > mostLines);
    expect(long).toEqual([]);
  });
});

describe('peers that are optional', () => {
  it('are imported only with the name of the package that needs them, one for each name', async () => {
    const { exports, peerDependenciesMeta } = JSON.parse(
      await readFile(join(lib, '../package.json'), 'utf8'),
    ) as {
      exports: Record<string, { default?: string }>;
      peerDependenciesMeta: Record<string, { optional: boolean }>;
    };
    const optional = Object.keys(peerDependenciesMeta);
    const texts = await sources();
    const edges = await imports();
    for (const [name, { default: built }] of Object.entries(exports)) {
      if (!built) continue;
      const reached = new Set([built.replace('./dist/', '').replace(/\.js$/, '.ts')]);
      for (const file of reached) {
        for (const [from, imported] of edges) if (from === file) reached.add(imported);
      }
      const peers = [...reached].flatMap((file) => packagesLoadedBy(texts.get(file)!));
      const needed = new Set(peers.filter((peer) => optional.includes(peer)));
      const isTelemetry = built.startsWith('./dist/telemetry/');
      expect([...needed], `optional peers that ${name} cannot do without`).toHaveLength(
        isTelemetry ? 1 : 0,
      );
    }
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
