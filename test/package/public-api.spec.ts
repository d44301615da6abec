import { readdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildLibrary } from '../support/built-library.js';
import { visibleIn } from './api-declarations.mjs';
import { changesBetween, entryPoints, reportOf } from './api-reports.mjs';

/** Compiles the library where it is older than its sources. */
const BUILDING_TIME = 120_000;
const HOW_TO_GO_ON = 'where that is meant, run `npm run api` and tell of it in lib/CHANGELOG.md';

describe('the public API', () => {
  beforeAll(buildLibrary, BUILDING_TIME);

  it.each(entryPoints())('of $specifier is the one that was agreed to', async (entryPoint) => {
    const agreed = await readFile(entryPoint.report, 'utf8').catch(() => '');
    const current = await reportOf(entryPoint);
    const changes = changesBetween(agreed, current);
    const changed = changes.length > 0 ? changes.join(', ') : 'only its heading';
    expect(current, `${entryPoint.specifier} has changed: ${changed}; ${HOW_TO_GO_ON}`).toBe(
      agreed,
    );
  });

  it('has a report for each name by which the package can be imported, and no other', async () => {
    const reports = await readdir(new URL('api', import.meta.url));
    const wanted = entryPoints().map(({ report }) => basename(report));
    expect(reports.sort(), `a report for each: ${HOW_TO_GO_ON}`).toEqual(wanted.sort());
  });
});

describe('a change of the public API', () => {
  const report = (code: string): string => `# some\n\n\`\`\`ts\n${code}\n\`\`\`\n`;

  it('is told by the names that it concerns', () => {
    const before = report('export const kept = 1;\n\nexport type Size = 1;\n\nexport class Old {}');
    const after = report('export const kept = 1;\n\nexport type Size = 2;\n\nexport class New {}');
    expect(changesBetween(before, after)).toEqual(['Size (changed)', 'Old (gone)', 'New (new)']);
  });
});

describe('a report of the public API', () => {
  it('has what exports mention, and nothing else that the files declare', () => {
    const code = 'type Inner = 1;\n\ntype Unused = 2;\n\nexport type Outer = Inner;';
    expect(visibleIn(code)).toBe('type Inner = 1;\n\nexport type Outer = Inner;');
  });

  it('leaves out constructors that only Nest can call, and what they take', () => {
    const code = [
      'class Inner {}',
      'export class Made { constructor(inner: Inner); size: number; }',
      'export class Error { constructor(message: string); }',
    ].join('\n\n');
    expect(visibleIn(code)).toBe(
      'export class Made { size: number; }\n\nexport class Error { constructor(message: string); }',
    );
  });

  it('leaves out what only a class that is not exported shares with its heirs', () => {
    const code = [
      'class Base { protected inner: number; shared(): void; }',
      'export class Heir extends Base { protected own: number; }',
    ].join('\n\n');
    expect(visibleIn(code)).toBe(
      'class Base { shared(): void; }\n\nexport class Heir extends Base { protected own: number; }',
    );
  });
});
